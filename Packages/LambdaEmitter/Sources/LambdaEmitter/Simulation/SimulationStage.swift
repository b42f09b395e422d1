import XRayModel

/// The functions of a profile in a service, and the requests that call them.
struct SimulationStage: Sendable {
  private final class Member: Sendable {
    let group: TrafficProfile.FunctionGroup
    let version: FunctionVersion
    let tally: FunctionTally

    init(group: TrafficProfile.FunctionGroup, version: FunctionVersion, tally: FunctionTally) {
      self.group = group
      self.version = version
      self.tally = tally
    }
  }

  let service: LambdaService
  let durations = DurationLog()
  private let profile: TrafficProfile
  private let members: [Member]
  private let stream: StreamSource

  /// Creates the functions.
  init(_ profile: TrafficProfile, in service: LambdaService, role: String) throws {
    self.service = service
    self.profile = profile
    service.putRole(try ExecutionRole(arn: role, managedPolicies: ["AWSXRayDaemonWriteAccess"]))
    var members: [Member] = []
    for (index, group) in profile.functions.enumerated() {
      do throws(LambdaError) {
        for name in group.names {
          let tally = FunctionTally(durations: durations)
          let version = try service.createFunction(group.configuration(name: name, role: role)) {
            tally.change { $0.environments += 1 }
            return SimulatedRuntime(tally: tally, group: group, random: service.random)
          }
          try service.putEventInvokeConfiguration(group.eventInvoke, for: name)
          if let count = group.reservedConcurrency { try service.reserveConcurrency(count, for: name) }
          members.append(Member(group: group, version: version, tally: tally))
        }
      } catch {
        throw TrafficProfileError(member: "functions[\(index)]", problem: "is refused: \(error.message)")
      }
    }
    self.members = members
    stream = StreamSource(.kinesis, stream: "arn:aws:kinesis:us-east-1:123456789012:stream/simulated")
      .with(batchSize: profile.traffic.batchSize, retries: profile.traffic.batchRetries)
  }

  /// Lets requests come until the profile ends the traffic, and waits for their answers.
  func drive(_ arrivals: TrafficArrivals, _ progress: @escaping @Sendable (Int) -> Void) async {
    var arrivals = arrivals
    let end = service.clock.now.advanced(by: .seconds(profile.durationSeconds ?? TrafficProfile.longestSeconds))
    await withDiscardingTaskGroup { group in
      var begun = 0
      while begun < profile.invocations ?? .max {
        let arrival = arrivals.next()
        if arrival.moment >= end { break }
        do { try await service.clock.sleep(until: arrival.moment, tolerance: nil) } catch { break }
        group.addTask { await request(arrival) }
        begun += 1
        if begun % 4096 == 0 { progress(begun) }
      }
    }
  }

  private func request(_ arrival: Arrival) async {
    let member = members[arrival.function]
    member.tally.change { counts in
      switch arrival.kind {
      case .synchronous: counts.synchronous += 1
      case .asynchronous: counts.asynchronous += 1
      case .batch: counts.batches += 1
      }
    }
    // The service counts what it refuses.
    switch arrival.kind {
    case .synchronous: _ = try? await service.invoke(member.version, payload: Self.payload, type: .requestResponse)
    case .asynchronous: _ = try? await service.invoke(member.version, payload: Self.payload, type: .event)
    case .batch:
      var source = stream
      if member.group.reservedConcurrency == 0 { source.maximumRecordAgeSeconds = Self.stoppedRecordAgeSeconds }
      _ = await service.deliver(batch(at: arrival.moment), from: source, to: member.version)
    }
  }

  /// Nothing else ends the tries of a batch for a function without concurrency, which are throttled.
  static let stoppedRecordAgeSeconds = 60
  /// As many tries fit into that time: after 0, 1, 3, 7, 15 and 31 seconds.
  static let stoppedTries = 6

  private static let payload = Array(#"{"simulated":true}"#.utf8)

  private func batch(at moment: Timestamp) -> [StreamRecord] {
    let record = StreamRecord(json: ["simulated": true], sequenceNumber: "1", arrival: moment)
    return Array(repeating: record, count: stream.batchSize)
  }

  /// The functions with what they and the service counted.
  var counted: [SimulationArithmetic.Function] {
    members.map { member in
      .init(
        group: member.group, counts: member.tally.counts,
        account: service.account(of: member.version.configuration.name))
    }
  }
}

extension TrafficProfile.FunctionGroup {
  fileprivate func configuration(name: String, role: String) -> FunctionConfiguration {
    var configuration = FunctionConfiguration(name: name, role: role)
    configuration.memoryMegabytes = memoryMegabytes
    configuration.timeoutSeconds = timeoutSeconds
    configuration.tracingMode = tracingMode
    configuration.deadLetterTarget = deadLetterTarget
    return configuration
  }
}

extension StreamSource {
  fileprivate func with(batchSize: Int, retries: Int) -> StreamSource {
    var source = self
    source.batchSize = batchSize
    source.maximumRetryAttempts = retries
    return source
  }
}
