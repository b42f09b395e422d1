/// Everything that a service knows of a function but its work: for owners that keep functions themselves.
public struct FunctionDefinition: Sendable {
  /// One version of the function.
  public struct Version: Sendable {
    /// `$LATEST` or a number.
    public var version: String
    public var configuration: FunctionConfiguration
    /// Environments live on as long as this stays the same; it must change with configuration and code.
    public var identity: String
    /// Makes the runtime of a new environment.
    public var runtime: @Sendable () -> any FunctionRuntime

    public init(
      version: String, configuration: FunctionConfiguration, identity: String,
      runtime: @escaping @Sendable () -> any FunctionRuntime
    ) {
      self.version = version
      self.configuration = configuration
      self.identity = identity
      self.runtime = runtime
    }
  }

  /// `$LATEST`, with the function's name.
  public var latest: Version
  /// The oldest first.
  public var published: [Version]
  public var aliases: [FunctionAlias]
  /// 0 stops the function, `nil` leaves it to the account's concurrency.
  public var reservedConcurrency: Int?
  /// What was said about events, by the qualifier that they are sent to: `$LATEST`, a version or an alias.
  public var eventInvoke: [String: EventInvokeConfiguration]

  public init(
    latest: Version, published: [Version] = [], aliases: [FunctionAlias] = [], reservedConcurrency: Int? = nil,
    eventInvoke: [String: EventInvokeConfiguration] = [:]
  ) {
    self.latest = latest
    self.published = published
    self.aliases = aliases
    self.reservedConcurrency = reservedConcurrency
    self.eventInvoke = eventInvoke
  }
}
