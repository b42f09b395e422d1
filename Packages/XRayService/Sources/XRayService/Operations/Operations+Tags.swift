import XRayModel

extension XRayService {
  static let tagOperations = [
    Operation("TagResource") { service, input in
      let arn = try input.resourceARN()
      _ = try input.require("Tags", input.value("Tags"))
      let tags = try input.tags()
      try service.settings.change { settings in try settings.tag(arn, with: tags) }
      return .nothing
    },
    Operation("UntagResource") { service, input in
      let arn = try input.resourceARN()
      let keys = try input.require("TagKeys", try input.texts("TagKeys", 1...128, count: 0...200))
      try service.settings.change { settings in try settings.untag(arn, keys: keys) }
      return .nothing
    },
    Operation("ListTagsForResource") { service, input in
      let arn = try input.resourceARN()
      try input.refusePageToken()
      let settings = service.settings.current
      try settings.checkTaggable(arn)
      return .object { $0.list("Tags", settings.tags[arn] ?? []) { $0.write(to: &$1) } }
    },
  ]
}

extension Fields {
  fileprivate func resourceARN() throws(APIError) -> String {
    try require("ResourceARN", try text("ResourceARN", 1...1011))
  }

  /// The tags that something is to have; none when the request names none.
  func tags() throws(APIError) -> [Tag] {
    var tags: [Tag] = []
    for fields in try objects("Tags", count: 0...200) ?? [] {
      let key = try fields.require("Key", try fields.text("Key", 1...128))
      let value = try fields.require("Value", try fields.text("Value", 0...256))
      guard Tag.isAllowed(key) else { throw fields.violation("Key", Self.charset) }
      guard Tag.isAllowed(value) else { throw fields.violation("Value", Self.charset) }
      guard !key.lowercased().hasPrefix("aws:") else {
        throw fields.violation("Key", "must not begin with aws:, which is reserved")
      }
      guard !tags.contains(where: { $0.key == key }) else { throw fields.violation("Key", "is there twice") }
      tags.append(Tag(key: key, value: value))
    }
    return tags
  }

  /// The tags of something that is being made: at most as many as it can have.
  func tagsOfNew() throws(APIError) -> [Tag] {
    let tags = try tags()
    guard tags.count <= Tag.limit else { throw violation("Tags", "must have at most \(Tag.limit) elements") }
    return tags
  }

  private static let charset = "must consist of letters, digits, blanks and _ . : / = + - @"
}

extension ServiceSettings {
  fileprivate func checkTaggable(_ arn: String) throws(APIError) {
    guard isTaggable(arn) else {
      throw .notFound("There is no group or sampling rule with the ARN \(arn)", resource: arn)
    }
  }

  /// Tags with keys that are there already replace those.
  fileprivate mutating func tag(_ arn: String, with new: [Tag]) throws(APIError) {
    try checkTaggable(arn)
    var tags = tags[arn] ?? []
    for tag in new {
      if let index = tags.firstIndex(where: { $0.key == tag.key }) { tags[index] = tag } else { tags.append(tag) }
    }
    guard tags.count <= Tag.limit else {
      throw APIError(
        type: "TooManyTagsException", message: "\(arn) would have \(tags.count) tags, more than \(Tag.limit)",
        resourceName: arn)
    }
    self.tags[arn] = tags.isEmpty ? nil : tags
  }

  /// Keys that are not there are passed over.
  fileprivate mutating func untag(_ arn: String, keys: [String]) throws(APIError) {
    try checkTaggable(arn)
    let tags = (tags[arn] ?? []).filter { !keys.contains($0.key) }
    self.tags[arn] = tags.isEmpty ? nil : tags
  }
}
