public import XRayModel

extension FidelityReport {
  /// Writes `{sources: [{source, spans, unfinished, shortened, rejected: {reason: count}, keys: [{key, mapped: {to:
  /// count}, annotations, renamed, metadata, dropped: {reason: count}}]}]}`; sources and keys by name, counts of 0 and
  /// empty objects left out of the keys.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("sources")
      writer.array { writer in
        for name in sources.keys.sorted() { sources[name]?.write(named: name, to: &writer) }
      }
    }
  }

  /// A table for people: a line for each source, and one below it for each of its keys and fates.
  public var text: String {
    var lines: [String] = []
    for name in sources.keys.sorted() {
      guard let source = sources[name] else { continue }
      var title = "\(name): \(source.spans) spans"
      if source.unfinished > 0 { title += ", \(source.unfinished) unfinished" }
      if source.shortened > 0 { title += ", \(source.shortened) shortened" }
      for reason in source.rejected.keys.sorted() { title += ", \(source.rejected[reason] ?? 0) rejected: \(reason)" }
      lines.append(title)
      lines += source.rows
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

extension FidelityReport.Source {
  fileprivate func write(named name: String, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("source", name)
      writer.member("spans", spans)
      writer.member("unfinished", unfinished)
      writer.member("shortened", shortened)
      writer.key("rejected")
      writer.counts(rejected)
      writer.key("keys")
      writer.array { writer in
        for key in keys.keys.sorted() { writer.fates(keys[key] ?? [:], of: key) }
      }
    }
  }

  fileprivate var rows: [String] {
    let keyWidth = keys.keys.map(\.count).max() ?? 0
    return keys.keys.sorted().flatMap { key in
      (keys[key] ?? [:]).map { (fate: $0.key.title, times: $0.value) }.sorted { $0.fate < $1.fate }
        .map { fate, times in
          "  \(key)\(String(repeating: " ", count: keyWidth - key.count))  \(padded(times))  \(fate)"
        }
    }
  }

  private func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: " ", count: max(0, 8 - digits.count)) + digits
  }
}

extension FidelityReport.Fate {
  fileprivate var title: String {
    switch self {
    case .mapped(let target): "-> \(target)"
    case .annotation: "annotation"
    case .renamedAnnotation: "annotation, renamed"
    case .metadata: "metadata"
    case .dropped(let reason): "dropped: \(reason)"
    }
  }
}

extension JSONWriter {
  fileprivate mutating func counts(_ counts: [String: Int]) {
    object { writer in
      for name in counts.keys.sorted() { writer.member(name, counts[name] ?? 0) }
    }
  }

  fileprivate mutating func fates(_ fates: [FidelityReport.Fate: Int], of key: String) {
    var mapped: [String: Int] = [:]
    var dropped: [String: Int] = [:]
    for (fate, times) in fates {
      switch fate {
      case .mapped(let target): mapped[target] = times
      case .dropped(let reason): dropped[reason] = times
      case .annotation, .renamedAnnotation, .metadata: break
      }
    }
    object { writer in
      writer.member("key", key)
      if !mapped.isEmpty {
        writer.key("mapped")
        writer.counts(mapped)
      }
      if let times = fates[.annotation] { writer.member("annotations", times) }
      if let times = fates[.renamedAnnotation] { writer.member("renamed", times) }
      if let times = fates[.metadata] { writer.member("metadata", times) }
      if !dropped.isEmpty {
        writer.key("dropped")
        writer.counts(dropped)
      }
    }
  }
}
