#include "gateway/wakeup.hpp"

#include "model/result.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace nocturne::gateway {

Wakeup::Wakeup() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    NOCTURNE_ASSERT(descriptor_ >= 0);
}

Wakeup::~Wakeup() {
    ::close(descriptor_);
}

void Wakeup::wake() noexcept {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the sleeper is awake already.
    [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof(one));
}

void Wakeup::clear() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t read = ::read(descriptor_, &count, sizeof(count));
}

}  // namespace nocturne::gateway
