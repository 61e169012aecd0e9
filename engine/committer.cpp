#include "engine/committer.hpp"

#include <iterator>
#include <utility>

namespace nocturne::engine {

namespace {

constexpr std::size_t kLooseNotesMax = 1000;  // that wait for a disk that fails

template <typename T>
void put_in(std::vector<T>& all, typename std::vector<T>::iterator place, std::vector<T>&& more) {
    all.insert(place, std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Status Committer::commit(std::span<const store::PendingEntry> entries,
                         const std::vector<model::AuditRecord>& notes) {
    std::lock_guard one(commit_mutex_);
    store::Extras extras;
    std::size_t loose = 0;
    {
        std::lock_guard lock(extras_mutex_);
        extras.delivered = delivered_;
        extras.history.swap(history_);
        extras.audit.swap(audit_);
        loose = std::exchange(loose_notes_, 0);
    }
    const std::size_t waiting = extras.audit.size();
    extras.audit.insert(extras.audit.end(), notes.begin(), notes.end());
    Status status = store_.append(entries, extras);
    note_health(status);
    if (!status) {  // they go with the next commit; the notes of the entries stay with those
        extras.audit.resize(waiting);
        std::lock_guard lock(extras_mutex_);
        put_in(history_, history_.begin(), std::move(extras.history));
        put_in(audit_, audit_.begin(), std::move(extras.audit));
        loose_notes_ += loose;
    }
    return status;
}

void Committer::leave(model::Position delivered, std::vector<store::IncidentRecord> history,
                      std::vector<model::AuditRecord> notes) {
    std::lock_guard lock(extras_mutex_);
    delivered_ = delivered;
    put_in(history_, history_.end(), std::move(history));
    put_in(audit_, audit_.end(), std::move(notes));
}

bool Committer::leave_note(model::AuditRecord note) {
    std::lock_guard lock(extras_mutex_);
    if (loose_notes_ == kLooseNotesMax) {
        ++counters_.audit_notes_lost;
        return false;
    }
    ++loose_notes_;
    audit_.push_back(std::move(note));
    return true;
}

Status Committer::health() const {
    std::lock_guard lock(health_mutex_);
    return failure_ ? Status(fail(*failure_)) : Status();
}

void Committer::note_health(const Status& status) {
    std::lock_guard lock(health_mutex_);
    if (status) {
        failure_.reset();
        ++counters_.commits;
    } else {
        failure_ = status.error();
        ++counters_.commit_failures;
    }
}

}  // namespace nocturne::engine
