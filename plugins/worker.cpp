#include "plugins/worker.hpp"

#include "model/result.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace nocturne::plugins {

struct Worker::Shared {
    explicit Shared(std::shared_ptr<Watchdog> dog) : watchdog(std::move(dog)) {}

    const std::shared_ptr<Watchdog> watchdog;
    std::mutex mutex;
    std::condition_variable changed;
    Job job;            // guarded by mutex; empty: none
    bool ends = false;  // guarded by mutex
    pthread_t thread{};
};

Worker::Worker(std::shared_ptr<Watchdog> watchdog)
    : shared_(std::make_shared<Shared>(std::move(watchdog))) {
    pthread_attr_t attributes;
    NOCTURNE_ASSERT(pthread_attr_init(&attributes) == 0);
    NOCTURNE_ASSERT(pthread_attr_setstacksize(&attributes, kStackBytes) == 0);
    auto own = std::make_unique<std::shared_ptr<Shared>>(shared_);
    NOCTURNE_ASSERT(pthread_create(&shared_->thread, &attributes, work, own.release()) == 0);
    pthread_attr_destroy(&attributes);
}

Worker::~Worker() {
    if (shared_ == nullptr) {
        return;
    }
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->ends = true;
    }
    shared_->changed.notify_all();
    pthread_join(shared_->thread, nullptr);
}

void* Worker::work(void* data) {
    const std::unique_ptr<std::shared_ptr<Shared>> own(static_cast<std::shared_ptr<Shared>*>(data));
    Shared& shared = **own;
    WatchedThread thread(*shared.watchdog);
    std::unique_lock lock(shared.mutex);
    for (;;) {
        shared.changed.wait(lock, [&] { return shared.job != nullptr || shared.ends; });
        if (shared.job == nullptr) {
            return nullptr;
        }
        lock.unlock();
        shared.job(thread);
        lock.lock();
        shared.job = nullptr;
        shared.changed.notify_all();
    }
}

Worker::Ended Worker::run(Job job, std::chrono::milliseconds patience) {
    std::unique_lock lock(shared_->mutex);
    shared_->job = std::move(job);
    shared_->changed.notify_all();
    if (shared_->changed.wait_for(lock, patience, [&] { return shared_->job == nullptr; })) {
        return Ended::Done;
    }
    shared_->ends = true;  // should it come back
    lock.unlock();
    pthread_detach(shared_->thread);
    shared_.reset();
    return Ended::Stuck;
}

}  // namespace nocturne::plugins
