public import XRayModel
import XRaySampler

/// An identity policy: statements that allow or deny actions.
///
/// Conditions are taken as fulfilled, since nothing is known here of the request that they ask about.
public struct Policy: Hashable, Sendable {
  public enum Effect: String, Hashable, Sendable {
    case allow = "Allow"
    case deny = "Deny"
  }

  /// Names by patterns with `*` and `?`: those that match one, or all others.
  public enum Selection: Hashable, Sendable {
    case matching([String])
    case notMatching([String])

    /// Whether `name`, compared without letter case, is among them.
    public func includes(_ name: String) -> Bool {
      switch self {
      case .matching(let patterns): patterns.contains { WildcardPattern($0).matches(name) }
      case .notMatching(let patterns): !patterns.contains { WildcardPattern($0).matches(name) }
      }
    }
  }

  public struct Statement: Hashable, Sendable {
    public var effect: Effect
    /// `Action` or `NotAction`, compared without letter case.
    public var actions: Selection
    /// `Resource` or `NotResource`.
    public var resources: Selection

    public init(_ effect: Effect, actions: Selection, resources: Selection = .matching(["*"])) {
      self.effect = effect
      self.actions = actions
      self.resources = resources
    }
  }

  public var name: String
  public var statements: [Statement]

  public init(name: String, statements: [Statement]) {
    self.name = name
    self.statements = statements
  }

  /// What the statements of `policies` say together: an explicit deny wins, and what nothing allows is denied.
  ///
  /// X-Ray's actions know no resources, so only statements whose resources include `*` apply to them.
  static func allow(_ action: String, by policies: some Sequence<Policy>) -> Bool {
    var isAllowed = false
    for policy in policies {
      for statement in policy.statements
      where statement.actions.includes(action) && statement.resources.includes("*") {
        guard statement.effect == .allow else { return false }
        isAllowed = true
      }
    }
    return isAllowed
  }
}

/// Why a policy document could not be read.
public struct PolicyError: Error, Hashable, CustomStringConvertible {
  public var policy: String
  public var problem: String
  public var description: String { "policy \(policy): \(problem)" }
}

extension Policy {
  /// Reads a policy document: an object with `Statement`, one or several.
  public init(name: String, document: JSONValue) throws(PolicyError) {
    self.init(name: name, statements: [])
    guard let statement = document["Statement"] else { throw PolicyError(policy: name, problem: "has no Statement") }
    for value in statement.array ?? [statement] {
      guard let effect = value["Effect"]?.string.flatMap(Effect.init) else {
        throw PolicyError(policy: name, problem: "a statement's Effect is neither Allow nor Deny")
      }
      guard let actions = Selection(value, "Action") else {
        throw PolicyError(policy: name, problem: "a statement has neither Action nor NotAction")
      }
      guard let resources = Selection(value, "Resource") else {
        throw PolicyError(policy: name, problem: "a statement has neither Resource nor NotResource")
      }
      statements.append(Statement(effect, actions: actions, resources: resources))
    }
  }
}

extension Policy.Selection {
  /// The member `key` or `Not<key>` of a statement: one text or several. `nil` when there is neither.
  public init?(_ statement: JSONValue, _ key: String) {
    if let names = statement[key]?.texts {
      self = .matching(names)
    } else if let names = statement["Not\(key)"]?.texts {
      self = .notMatching(names)
    } else {
      return nil
    }
  }
}

extension JSONValue {
  fileprivate var texts: [String]? {
    if let string { return [string] }
    guard let array else { return nil }
    let texts = array.compactMap(\.string)
    return texts.count == array.count ? texts : nil
  }
}
