import LambdaEmitter

/// The events of a file that are not done, and where their records lie.
struct LiveRecords {
  struct Entry {
    /// Of the record `accepted`, with its head.
    var place: Range<Int>
    var progress: EventProgress?
  }

  private var entries: [String: Entry] = [:]
  /// Of the records `accepted`, together.
  private(set) var bytes = 0

  var inOrder: [(key: String, value: Entry)] {
    entries.sorted { $0.value.place.lowerBound < $1.value.place.lowerBound }
  }

  mutating func add(_ requestID: String, at place: Range<Int>) {
    remove(requestID)
    entries[requestID] = Entry(place: place)
    bytes += place.count
  }

  mutating func note(_ progress: EventProgress, of requestID: String) { entries[requestID]?.progress = progress }

  mutating func remove(_ requestID: String) {
    if let entry = entries.removeValue(forKey: requestID) { bytes -= entry.place.count }
  }

  /// Puts a new file with these events alone in the place of `file`. When that fails both are as before.
  mutating func move(to file: inout AppendedFile) throws(EventJournalError) {
    var next = try AppendedFile(new: file.path + ".part")
    do throws(EventJournalError) {
      let moved = try copy(from: file, to: &next)
      try next.takePlace(at: file.path)
      file.close()
      file = next
      self = moved
    } catch {
      next.close()
      throw error
    }
  }

  private func copy(from file: AppendedFile, to next: inout AppendedFile) throws(EventJournalError) -> LiveRecords {
    var moved = LiveRecords()
    for (requestID, entry) in inOrder {
      guard let record = file.read(entry.place), let place = next.append(record) else {
        throw EventJournalError(path: next.path, detail: "events cannot be copied")
      }
      moved.add(requestID, at: place)
      guard let progress = entry.progress else { continue }
      moved.note(progress, of: requestID)
      guard next.append(JournalFrame.framed(JournalRecord.progress(requestID: requestID, progress).json)) != nil else {
        throw EventJournalError(path: next.path, detail: "events cannot be copied")
      }
    }
    return moved
  }
}
