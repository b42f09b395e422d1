/// A function at one version: `$LATEST`, which changes, or a published one, which does not.
public struct FunctionVersion: Sendable {
  public var configuration: FunctionConfiguration
  /// `$LATEST` or a number.
  public var version: String
  /// The function's ARN without a qualifier.
  public let arn: String
  let accountID: String
  /// Tells a function from an earlier one of the same name.
  let creation: Int
  /// Changes with each change of configuration or code.
  var revision: Int
  /// Makes the runtime of a new environment.
  var makeRuntime: @Sendable () -> any FunctionRuntime
  /// Of a function that came as a definition: what `revision` stands for.
  var identity: String?
  /// Of `$LATEST` only: the function's aliases.
  var aliases: [FunctionAlias] = []
}
