#include "engine/deep_thread.hpp"

#include "model/result.hpp"
#include "plugins/worker.hpp"

#include <pthread.h>

#include <utility>

namespace nocturne::engine {

struct DeepThread::Running {
    std::function<void()> work;
    pthread_t thread{};
};

DeepThread::DeepThread() = default;

DeepThread::DeepThread(std::function<void()> work) : running_(std::make_unique<Running>()) {
    running_->work = std::move(work);
    pthread_attr_t attributes;
    NOCTURNE_ASSERT(pthread_attr_init(&attributes) == 0);
    NOCTURNE_ASSERT(pthread_attr_setstacksize(&attributes, plugins::Worker::kStackBytes) == 0);
    NOCTURNE_ASSERT(pthread_create(&running_->thread, &attributes, run, running_.get()) == 0);
    pthread_attr_destroy(&attributes);
}

DeepThread::~DeepThread() {
    join();
}

DeepThread::DeepThread(DeepThread&&) noexcept = default;

DeepThread& DeepThread::operator=(DeepThread&& other) noexcept {
    join();
    running_ = std::move(other.running_);
    return *this;
}

void DeepThread::join() {
    if (running_ != nullptr) {
        pthread_join(running_->thread, nullptr);
        running_.reset();
    }
}

void* DeepThread::run(void* running) {
    static_cast<Running*>(running)->work();
    return nullptr;
}

void run_deep(const std::function<void()>& work) {
    DeepThread(work).join();
}

}  // namespace nocturne::engine
