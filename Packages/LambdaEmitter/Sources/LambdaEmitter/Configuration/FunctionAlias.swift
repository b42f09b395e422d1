/// A name that stands for a version of a function, or by chance for one of several.
public struct FunctionAlias: Hashable, Sendable {
  public var name: String
  /// The version for what ``weights`` leave over.
  public var version: String
  /// The shares of other versions, 0 to 1 each and 1 at most together.
  public var weights: [String: Double]

  public init(name: String, version: String, weights: [String: Double] = [:]) {
    self.name = name
    self.version = version
    self.weights = weights
  }

  /// The version for a request; `roll` is a number in `0..<1`.
  func version(roll: Double) -> String {
    var bound = 0.0
    for (version, weight) in weights.sorted(by: { $0.key < $1.key }) {
      bound += weight
      if roll < bound { return version }
    }
    return version
  }
}
