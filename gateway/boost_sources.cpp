// The parts of Asio and Beast that are no templates, compiled once: http_server.cpp then compiles
// in less than half the time. CMakeLists.txt sets the matching definitions.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
