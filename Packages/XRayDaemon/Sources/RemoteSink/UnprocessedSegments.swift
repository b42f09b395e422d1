import XRayModel

/// The `UnprocessedTraceSegments` of an answer, and which documents they mean.
///
/// An entry names its document by id, if at all. One without a usable id is put down to a document that breaks a
/// rule itself, else to the first that is left: then the number of refusals is right, the document a guess.
struct UnprocessedSegments {
  fileprivate struct Entry {
    var id: String?
    var code: String
    var message: String
  }

  private let entries: [Entry]

  init(_ entries: [JSONValue]) {
    self.entries = entries.map { entry in
      Entry(
        id: entry["Id"]?.string, code: entry["ErrorCode"]?.string ?? "", message: entry["Message"]?.string ?? "")
    }
  }

  func outcomes(of documents: some Collection<ArraySlice<UInt8>>) -> [SegmentOutcome] {
    var outcomes = [SegmentOutcome](repeating: .stored, count: documents.count)
    if entries.isEmpty { return outcomes }
    let facts = documents.map(Facts.init)
    func refuse(_ index: Int, _ entry: Entry) {
      outcomes[index] =
        entry.isPassing
        ? .deferred(code: entry.code, message: entry.message) : .unprocessed(entry.rejection(facts[index]))
    }
    func firstStored(where condition: (Facts) -> Bool) -> Int? {
      outcomes.indices.first { outcomes[$0] == .stored && condition(facts[$0]) }
    }

    var unmatched: [Entry] = []
    for entry in entries {
      if let id = entry.id, let index = firstStored(where: { $0.id == id }) {
        refuse(index, entry)
      } else {
        unmatched.append(entry)
      }
    }
    for entry in unmatched {
      guard let index = firstStored(where: { !$0.isValid }) ?? firstStored(where: { _ in true }) else { break }
      refuse(index, entry)
    }
    return outcomes
  }

  /// What a document's own bytes say.
  fileprivate struct Facts {
    var id: String?
    var isSubsegment: Bool
    var isValid: Bool

    init(_ document: ArraySlice<UInt8>) {
      do throws(SegmentRejection) {
        let index = try SegmentIndex(scanning: document.span)
        self.id = index.id.description
        isSubsegment = index.kind == .subsegment
        isValid = true
      } catch {
        self.id = error.id
        isSubsegment = error.isSubsegment
        isValid = false
      }
    }
  }
}

extension UnprocessedSegments.Entry {
  /// Whether the reason lies with the service, and may pass.
  fileprivate var isPassing: Bool {
    ["throttl", "internal", "serviceunavailable", "toomanyrequests"].contains { code.lowercased().contains($0) }
  }

  /// In our terms; a code that X-Ray does not document becomes part of the detail.
  fileprivate func rejection(_ facts: UnprocessedSegments.Facts) -> SegmentRejection {
    let known = SegmentRejection.Code(rawValue: code)
    return SegmentRejection(
      known ?? .invalidSegment, id: id ?? facts.id, isSubsegment: facts.isSubsegment,
      detail: (known == nil ? "\(code): \(message)" : cause).map { String($0.prefix(200)) })
  }

  /// The part of the message that the code does not say: `Invalid segment. ErrorCode: X, Cause: null` has none.
  private var cause: String? {
    if let marker = message.firstRange(of: ", Cause: ") {
      let cause = message[marker.upperBound...]
      return cause == "null" ? nil : String(cause)
    }
    return message.isEmpty || message.contains("ErrorCode: ") ? nil : message
  }
}
