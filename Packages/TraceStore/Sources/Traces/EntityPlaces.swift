import XRayModel

/// Numbers by entity id: a hash table that needs no hashing to speak of, because ids are random numbers.
struct EntityPlaces {
  /// An empty slot has a negative place. At least half of them are empty.
  private var slots: [(id: EntityID, place: Int)]
  private var count = 0

  init(capacity: Int) {
    var size = 8
    while size < capacity * 2 { size *= 2 }
    slots = Array(repeating: (EntityID(rawValue: 0), -1), count: size)
  }

  subscript(id: EntityID) -> Int? {
    let place = slots[slot(of: id)].place
    return place < 0 ? nil : place
  }

  /// Notes a place, unless there is one already, which is returned.
  @discardableResult
  mutating func insert(_ id: EntityID, _ place: Int) -> Int? {
    let slot = slot(of: id)
    if slots[slot].place >= 0 { return slots[slot].place }
    slots[slot] = (id, place)
    count += 1
    if count * 2 > slots.count { grow() }
    return nil
  }

  /// Where the id is, or would be.
  private func slot(of id: EntityID) -> Int {
    // Ids that somebody counted up are spread by the multiplication, whose high bits depend on all of theirs.
    var slot = Int(truncatingIfNeeded: (id.rawValue &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1)
    while slots[slot].place >= 0, slots[slot].id != id { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }

  private mutating func grow() {
    var larger = EntityPlaces(capacity: slots.count)
    for slot in slots where slot.place >= 0 { larger.insert(slot.id, slot.place) }
    self = larger
  }
}
