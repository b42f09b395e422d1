public import Traces

/// Which services or calls a time series counts: X-Ray's entity selector expression.
///
///     service("orders")
///     edge(id(name: "web", type: "AWS::Lambda"), "orders")
///
/// Without an expression it is the calls of clients to the services where traces entered.
public struct EntitySelector: Hashable, Sendable {
  private enum Entities: Hashable {
    case services(ServiceSelector)
    case edges(ServiceSelector, ServiceSelector)
  }
  private let entities: Entities

  /// The calls of clients.
  public static let clientCalls = EntitySelector(
    entities: .edges(ServiceSelector(type: ServiceID.clientType), ServiceSelector()))

  /// - Parameter expression: One `service(…)` or `edge(…)` without conditions in braces; the empty expression means
  ///   the calls of clients. For anything else there is no selector.
  public init?(_ expression: FilterExpression) {
    switch expression.root {
    case nil: self = .clientCalls
    case .term(.service(let selector, nil)): self.init(entities: .services(selector))
    case .term(.edge(let source, let target, nil)): self.init(entities: .edges(source, target))
    default: return nil
    }
  }

  private init(entities: Entities) { self.entities = entities }

  /// Whether services are counted, not calls.
  public var isOfServices: Bool { if case .services = entities { true } else { false } }

  public func selects(_ service: ServiceID) -> Bool {
    if case .services(let selector) = entities { selector.selects(service) } else { false }
  }

  public func selectsCall(from source: ServiceID, to target: ServiceID) -> Bool {
    if case .edges(let from, let to) = entities { from.selects(source) && to.selects(target) } else { false }
  }
}
