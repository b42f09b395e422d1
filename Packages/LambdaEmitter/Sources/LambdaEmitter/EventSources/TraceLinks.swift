import XRayModel

extension FunctionVersion {
  /// Links from an invocation of this function to those who sent what it gets and were traced: each once, at most 20,
  /// which is what X-Ray takes of one segment.
  func links(toSenders headers: some Sequence<String?>) -> [TraceLink] {
    var links: [TraceLink] = []
    for case let text? in headers {
      guard links.count < 20 else { break }
      guard let header = try? TraceHeader(parsing: text), header.sampling == .sampled else { continue }
      let link = TraceLink(
        traceID: header.root, id: header.parent,
        attributes: [
          "aws.xray.reserved.names": [.string(configuration.name)],
          "aws.xray.reserved.type": "AWS::Lambda", "aws.xray.reserved.reference_type": "parent",
        ])
      if !links.contains(link) { links.append(link) }
    }
    return links
  }
}
