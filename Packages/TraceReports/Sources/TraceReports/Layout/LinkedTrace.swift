import XRayModel

/// A link to another trace, as timelines show it.
struct LinkedTrace {
  private let link: TraceLink

  init(_ link: TraceLink) { self.link = link }

  /// Of one row; those beyond are only counted.
  static let limit = 10

  var id: String { link.traceID.description }
  /// Towards the other trace, or from it when that came before.
  var arrow: String {
    link.attributes["aws.xray.reserved.reference_type"]?.string == "parent" ? "◀╌" : "╌▶"
  }
  /// The trace, and what ran there when the link tells.
  var label: String {
    let name = link.attributes["aws.xray.reserved.names"]?.array?.first?.string
    return ([id] + [name].compactMap { $0 }).joined(separator: " ")
  }

  /// What a row says of its links in one tag; `nil` without links.
  static func tag(_ links: [TraceLink]) -> (text: String, title: String)? {
    guard let first = links.first.map(LinkedTrace.init) else { return nil }
    let shown = links.prefix(limit).map { LinkedTrace($0).label } + (links.count > limit ? ["…"] : [])
    return (
      first.arrow + " " + (links.count == 1 ? first.id : "\(links.count) traces"),
      "Linked to " + shown.joined(separator: ", ")
    )
  }
}
