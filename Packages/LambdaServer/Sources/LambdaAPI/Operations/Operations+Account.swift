import XRayModel

extension LambdaAPI {
  static let accountOperations = [
    Operation("GetAccountSettings", .GET, "/2016-08-19/account-settings") { api, _ throws(APIError) in
      let state = api.current
      let concurrency = api.service.accountConcurrency
      return Reply { writer in
        writer.key("AccountLimit")
        writer.object { writer in
          writer.member("TotalCodeSize", codeStorageBytes)
          writer.member("CodeSizeUnzipped", ZipArchive.Limits().bytes)
          writer.member("CodeSizeZipped", ZipArchive.Limits().packedBytes)
          writer.member("ConcurrentExecutions", concurrency)
          writer.member("UnreservedConcurrentExecutions", concurrency - state.reservedConcurrency)
        }
        writer.key("AccountUsage")
        writer.object { writer in
          writer.member("TotalCodeSize", state.codeSize)
          writer.member("FunctionCount", state.functions.count)
        }
      }
    },
    Operation("ListTags", .GET, "/2017-03-31/tags/{Resource}") { api, call throws(APIError) in
      let tags = try api.function(api.taggedName(call)).tags
      return Reply { writer in
        writer.key("Tags")
        writer.map(tags)
      }
    },
    Operation("TagResource", .POST, "/2017-03-31/tags/{Resource}", bodyBytes: configurationBytes) {
      api, call throws(APIError) in
      let name = try api.taggedName(call)
      let input = try call.fields
      let tags = try input.require("Tags", input.map("Tags"))
      try await api.update(name) { function, _ throws(APIError) in
        function.tags = try Tags.checked(function.tags.merging(tags) { _, new in new })
      }
      return Reply(status: 204)
    },
    Operation("UntagResource", .DELETE, "/2017-03-31/tags/{Resource}") { api, call throws(APIError) in
      let name = try api.taggedName(call)
      let keys = call.query.values("tagKeys")
      guard !keys.isEmpty else { throw .violation("tagKeys", nil, "Member must not be null") }
      try await api.update(name) { function, _ in for key in keys { function.tags[key] = nil } }
      return Reply(status: 204)
    },
  ]

  private func taggedName(_ call: Call) throws(APIError) -> FunctionName {
    let name = try name(in: call, limit: Self.longNameLimit, takesQualifier: false)
    guard call.captures[0].hasPrefix("arn:"), name.qualifier == nil else {
      throw .invalid("Tags belong to a function, which is named by its ARN without a qualifier.")
    }
    return name
  }
}

/// The rules for tags.
enum Tags {
  /// Lambda: 50 for a function.
  static let limit = 50

  static func checked(_ tags: [String: String]) throws(APIError) -> [String: String] {
    guard tags.count <= limit else { throw .invalid("A function can have at most \(limit) tags.") }
    for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
      _ = try Fields.check(key, 1...128, "tags")
      _ = try Fields.check(value, 0...256, "tags")
      guard !key.lowercased().hasPrefix("aws:") else {
        throw .invalid("Tag keys that begin with aws: are reserved: \(key)")
      }
    }
    return tags
  }
}
