public import XRayModel

extension Policy {
  /// The policy as a document, which ``init(name:document:)`` reads to the same statements.
  public var document: JSONValue {
    let statements = statements.map { statement in
      let (actionKey, actions) = statement.actions.member(of: "Action")
      let (resourceKey, resources) = statement.resources.member(of: "Resource")
      return JSONValue.object([
        "Effect": .string(statement.effect.rawValue), actionKey: actions, resourceKey: resources,
      ])
    }
    return ["Version": "2012-10-17", "Statement": .array(statements)]
  }
}

extension Policy.Selection {
  fileprivate func member(of key: String) -> (String, JSONValue) {
    switch self {
    case .matching(let names): (key, .array(names.map { .string($0) }))
    case .notMatching(let names): ("Not\(key)", .array(names.map { .string($0) }))
    }
  }
}
