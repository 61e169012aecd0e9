// LinearIndex: from a hash to numbered records, growing by one bucket at a time.
#pragma once

#include "topology/paged.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace nocturne::topology {

inline constexpr std::uint32_t kNoRecord = UINT32_MAX;

// Linear hashing (Litwin, 1980): no insert ever rebuilds the whole table, so none takes long. The
// records chain themselves: `Records` gives hash_of(id), next_of(id) and set_next(id, next).
class LinearIndex {
   public:
    template <typename Records, typename Is>
    std::uint32_t find(const Records& records, std::uint64_t hash, Is is) const {
        if (heads_.size() == 0) {
            return kNoRecord;
        }
        std::uint32_t id = heads_[bucket_of(hash)].first;
        while (id != kNoRecord && !is(id)) {
            id = records.next_of(id);
        }
        return id;
    }

    template <typename Records>
    void insert(Records& records, std::uint32_t id) {
        if (count_++ >= heads_.size()) {
            grow(records);
        }
        push(records, id);
    }

    template <typename Records>
    void erase(Records& records, std::uint32_t id) {
        Head& head = heads_.edit(bucket_of(records.hash_of(id)));
        if (head.first == id) {
            head.first = records.next_of(id);
        } else {
            std::uint32_t before = head.first;
            while (records.next_of(before) != id) {
                before = records.next_of(before);
            }
            records.set_next(before, records.next_of(id));
        }
        --count_;
    }

    std::size_t bytes() const { return heads_.bytes(); }

   private:
    struct Head {
        std::uint32_t first = kNoRecord;
    };

    std::size_t bucket_of(std::uint64_t hash) const {
        const std::size_t whole = std::bit_floor(heads_.size());
        const std::size_t wide = hash & (2 * whole - 1);
        return wide < heads_.size() ? wide : hash & (whole - 1);
    }

    template <typename Records>
    void push(Records& records, std::uint32_t id) {
        Head& head = heads_.edit(bucket_of(records.hash_of(id)));
        records.set_next(id, head.first);
        head.first = id;
    }

    // One bucket more; takes over its part of the one that held it so far.
    template <typename Records>
    void grow(Records& records) {
        const std::size_t added = heads_.add();
        if (added == 0) {
            return;
        }
        Head& split = heads_.edit(added - std::bit_floor(added));
        std::uint32_t id = split.first;
        split.first = kNoRecord;
        while (id != kNoRecord) {
            const std::uint32_t next = records.next_of(id);
            push(records, id);
            id = next;
        }
    }

    Paged<Head, 512> heads_;
    std::size_t count_ = 0;
};

}  // namespace nocturne::topology
