// The `nocturne` program: reads the command line and runs the command that was chosen.
#include "cli/nocturne.hpp"

int main(int argc, char** argv) {
    return nocturne::cli::run_nocturne(argc, argv);
}
