import XRayModel

extension XRayService {
  /// What users set.
  static let settingOperations =
    groupOperations + samplingRuleOperations + samplingOperations + policyOperations + tagOperations + switchOperations
}

extension JSONWriter {
  /// The answer of an operation that has nothing to say.
  static let nothing = JSONWriter.object { _ in }

  /// An answer of one member that writes itself.
  static func member(_ key: String, _ write: (inout JSONWriter) -> Void) -> JSONWriter {
    .object { writer in
      writer.key(key)
      write(&writer)
    }
  }
}

extension Fields {
  /// Refuses a page token where all fits on one page, so that none is ever given out. An empty one counts as absent.
  func refusePageToken() throws(APIError) {
    guard let token = try text("NextToken"), !token.isEmpty else { return }
    throw .invalidRequest("NextToken is currently not supported")
  }
}
