// Wakeup: lets any thread wake one that sleeps in poll().
#pragma once

namespace nocturne::gateway {

// An eventfd. Wakes that come before the sleeper looks count as one.
class Wakeup {
   public:
    Wakeup();
    ~Wakeup();
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    void wake() noexcept;
    // Forgets the wakes so far.
    void clear() noexcept;

    int descriptor() const { return descriptor_; }

   private:
    int descriptor_;
};

}  // namespace nocturne::gateway
