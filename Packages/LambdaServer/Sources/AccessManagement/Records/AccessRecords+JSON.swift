public import XRayModel

/// Why kept roles and policies could not be read.
public struct AccessDamage: Error, Hashable, CustomStringConvertible {
  public var detail: String
  public var description: String { "damaged roles and policies: \(detail)" }
}

extension AccessRecords {
  /// Writes everything as one JSON object, in an order that depends on nothing else.
  public func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("version", 1)
      json.member("account", account)
      json.key("roles")
      json.array { json in for role in roles.values.sorted(by: { $0.name < $1.name }) { role.write(to: &json) } }
      json.key("policies")
      json.array { json in for policy in policies.values.sorted(by: { $0.arn < $1.arn }) { policy.write(to: &json) } }
    }
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Throws: For anything that is not whole: nothing is left out silently.
  public init(json: JSONValue) throws(AccessDamage) {
    guard json["version"]?.number?.integer == 1 else { throw AccessDamage(detail: "version is not 1") }
    self.init(account: try json.text("account"))
    for value in try json.elements("policies") {
      let policy = try KeptPolicy(json: value, account: account)
      guard policies.updateValue(policy, forKey: policy.arn) == nil else {
        throw AccessDamage(detail: "policy \(policy.arn) is there twice")
      }
    }
    for value in try json.elements("roles") {
      let role = try Role(json: value)
      for arn in role.attached where policy(arn) == nil {
        throw AccessDamage(detail: "role \(role.name) has the policy \(arn), which does not exist")
      }
      guard roles.updateValue(role, forKey: role.name) == nil else {
        throw AccessDamage(detail: "role \(role.name) is there twice")
      }
    }
  }
}

extension Role {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", name)
      json.member("path", path)
      json.member("id", id)
      json.member("created", created)
      json.member("trust", trust.text)
      if let description { json.member("description", description) }
      json.member("maximum_session", maximumSession)
      json.texts("tags", tags)
      json.texts("inline", inline.mapValues(\.text))
      json.key("attached")
      json.array { json in for arn in attached.sorted() { json.string(arn) } }
    }
  }

  fileprivate init(json: JSONValue) throws(AccessDamage) {
    guard let maximumSession = json["maximum_session"]?.number?.integer else {
      throw AccessDamage(detail: "maximum_session of a role")
    }
    name = try json.text("name")
    path = try json.text("path")
    id = try json.text("id")
    created = try json.time("created")
    description = json["description"]?.string
    self.maximumSession = maximumSession
    tags = try json.texts("tags")
    for value in try json.elements("attached") {
      guard let arn = value.string else { throw AccessDamage(detail: "attached of the role \(name)") }
      attached.insert(arn)
    }
    do throws(IAMError) {
      trust = try TrustPolicy(parsing: json["trust"]?.string ?? "")
    } catch {
      throw AccessDamage(detail: "trust of the role \(name): \(error.message)")
    }
    for (key, text) in try json.texts("inline") { inline[key] = try PolicyDocument(kept: text, as: key) }
  }
}

extension KeptPolicy {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", name)
      json.member("path", path)
      json.member("id", id)
      json.member("created", created)
      if let description { json.member("description", description) }
      json.texts("tags", tags)
      json.member("document", document)
    }
  }

  fileprivate init(json: JSONValue, account: String) throws(AccessDamage) {
    let name = try json.text("name")
    let document = try PolicyDocument(kept: try json.text("document"), as: name)
    self.init(
      name: name, path: try json.text("path"), account: account, id: try json.text("id"),
      created: try json.time("created"), document: document)
    description = json["description"]?.string
    tags = try json.texts("tags")
  }
}

extension PolicyDocument {
  fileprivate init(kept text: String, as name: String) throws(AccessDamage) {
    do throws(IAMError) {
      try self.init(parsing: text)
    } catch {
      throw AccessDamage(detail: "policy \(name): \(error.message)")
    }
  }
}

extension JSONValue {
  fileprivate func text(_ key: String) throws(AccessDamage) -> String {
    guard let text = self[key]?.string, !text.isEmpty else { throw AccessDamage(detail: "\(key) is missing") }
    return text
  }

  fileprivate func texts(_ key: String) throws(AccessDamage) -> [String: String] {
    guard let members = self[key]?.object?.members else { throw AccessDamage(detail: "\(key) is missing") }
    var texts: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else { throw AccessDamage(detail: "\(key).\(member.key) is no text") }
      texts[member.key] = text
    }
    return texts
  }

  fileprivate func elements(_ key: String) throws(AccessDamage) -> [JSONValue] {
    guard let elements = self[key]?.array else { throw AccessDamage(detail: "\(key) is missing") }
    return elements
  }

  /// Whole seconds since 1970.
  fileprivate func time(_ key: String) throws(AccessDamage) -> Timestamp {
    guard let seconds = self[key]?.number?.integer else { throw AccessDamage(detail: "\(key) is no time") }
    return Timestamp(seconds: seconds)
  }
}
