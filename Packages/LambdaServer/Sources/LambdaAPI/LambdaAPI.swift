public import DaemonServer
public import EventSources
public import LambdaEmitter
import NIOCore
import NIOHTTP1
import Synchronization
public import XRayModel

/// Lambda's control API and `Invoke` over an emulated service, as unmodified clients of AWS call them.
///
/// It owns the functions: their code lies in folders, everything else in one saved value, and both are there again
/// after a restart. The emulation is told of every change.
public final class LambdaAPI: Sendable {
  /// Makes what makes a function's runtimes; throws when the function could never run here, with a message for the
  /// caller. Called at each change of the function, and once for each version at a start.
  public typealias RuntimeFactory =
    @Sendable (
      _ configuration: FunctionConfiguration, _ codeFolder: String
    ) throws -> @Sendable () -> any FunctionRuntime

  let service: LambdaService
  let clock: any WallClock
  let random: RandomSource
  let code: CodeStore
  let place: AccountPlace
  private let runtimes: RuntimeFactory
  private let storage: FunctionStorage
  private let state: Mutex<FunctionState>
  /// The streams that functions may be fed from; `nil` where there are none.
  let streams: StreamRegistry?
  /// Of event source mappings, by their ids.
  let progress = Mutex<[String: MappingProgress]>([:])
  let mappingChanges: AsyncStream<Void>
  let mappingSignal: AsyncStream<Void>.Continuation

  /// Reads what was saved and tells the emulation of it; code that nobody needs any more is removed.
  ///
  /// - Parameters:
  ///   - codeFolder: Where the code lies, such as `DIRECTORY/functions`. Nobody else may write there.
  ///   - streams: Those that event source mappings may name; without them only queues can be sources.
  ///   - runtimes: Gets the folder of the unpacked code.
  /// - Throws: When what was saved cannot be read, or is damaged: nothing is replaced silently.
  public init(
    service: LambdaService, codeFolder: String, storage: FunctionStorage, streams: StreamRegistry? = nil,
    random: RandomSource = RandomSource(), runtimes: @escaping RuntimeFactory
  ) throws {
    self.service = service
    self.streams = streams
    (mappingChanges, mappingSignal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.clock = service.clock
    self.random = random
    self.storage = storage
    self.runtimes = runtimes
    place = AccountPlace(id: service.account, region: service.region)
    code = CodeStore(folder: codeFolder, clock: service.clock, random: random)
    let saved = try storage.load().map { bytes throws(FunctionStateError) in try FunctionState(json: bytes) }
    state = Mutex(saved ?? FunctionState())
    restore(current)
    mappingsChanged()
  }

  /// The API as a part of a server.
  public var application: DaemonServer.Application {
    DaemonServer.Application(resource: Self.resource, answer: { await self.answer($0) })
  }

  var current: FunctionState { state.withLock { $0 } }

  private func restore(_ state: FunctionState) {
    code.removeAll(but: state.functions.mapValues { Set($0.versions.map(\.code.hash)) })
    for function in state.functions.values {
      for version in function.versions { try? code.restore(version.code, function: function.name) }
      service.putFunction(definition(of: function))
    }
  }

  // MARK: Changes

  /// Changes one function, or none: `body` gets it (`nil` where there is none) and all others, what it leaves is
  /// saved, and then the emulation has it.
  func change<Result>(
    _ name: String, _ body: (inout StoredFunction?, FunctionState) throws(APIError) -> Result
  ) async throws(APIError) -> Result {
    let (result, shutDown) = try state.withLock { state throws(APIError) in
      let old = state.functions[name]
      var function = old
      let result = try body(&function, state)
      function?.forgetSettingsOfNobody()
      var next = state
      next.functions[name] = function
      if next != state {
        try save(next)
        state = next
      }
      let unneeded = Set(old?.versions.map(\.code) ?? []).subtracting(function?.versions.map(\.code) ?? [])
      for code in unneeded { self.code.retire(code, function: name) }
      for version in function?.versions ?? [] { code.keep(version.code, function: name) }
      code.sweep()
      guard let function else { return (result, old == nil ? nil : service.removeFunction(name)) }
      if function != old { service.putFunction(definition(of: function)) }
      return (result, nil)
    }
    await shutDown?()
    return result
  }

  /// Changes what the emulation need not know, and saves it.
  func changeState<Result>(
    _ body: (inout FunctionState) throws(APIError) -> Result
  ) throws(APIError) -> Result {
    try state.withLock { state throws(APIError) in
      var next = state
      let result = try body(&next)
      try save(next)
      state = next
      return result
    }
  }

  /// What is saved stays of a size that can be read again.
  private static let stateBytes = 48 << 20

  private func save(_ state: FunctionState) throws(APIError) {
    let bytes = state.json
    guard bytes.count <= Self.stateBytes else {
      throw APIError(.codeStorageExceeded, "All functions together have too many versions and variables.")
    }
    do { try storage.save(bytes) } catch {
      throw APIError(.service, "The change could not be saved: \(error)")
    }
  }

  /// Says whether a function could run here.
  func checkRuntime(_ version: StoredVersion) throws(APIError) {
    do {
      _ = try runtimes(version.configuration, codeFolder(version))
    } catch let error as LambdaError {
      throw APIError(error)
    } catch {
      throw .invalid("\(error)")
    }
  }

  private func codeFolder(_ version: StoredVersion) -> String {
    code.folder(of: version.code, function: version.configuration.name)
  }

  private func definition(of function: StoredFunction) -> FunctionDefinition {
    FunctionDefinition(
      latest: definition(of: function.latest), published: function.published.map(definition),
      aliases: function.aliases.map { FunctionAlias(name: $0.name, version: $0.version, weights: $0.weights) },
      reservedConcurrency: function.reservedConcurrency,
      eventInvoke: function.eventInvoke.mapValues(\.configuration))
  }

  private func definition(of version: StoredVersion) -> FunctionDefinition.Version {
    let runtime: @Sendable () -> any FunctionRuntime
    do {
      runtime = try runtimes(version.configuration, codeFolder(version))
    } catch {
      // It could run when it was made: something around it has changed, which its callers must be told.
      let failure = RuntimeFailure("\(error)")
      runtime = { ClosureRuntime { _, _ in throw failure } }
    }
    return FunctionDefinition.Version(
      version: version.version, configuration: version.configuration, identity: version.revisionID, runtime: runtime)
  }
}
