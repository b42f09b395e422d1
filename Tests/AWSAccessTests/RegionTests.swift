import AWSAccess
import Testing
import XRayHTTP

@Suite struct `The region` {
  private func region(_ machine: Machine, given: String? = nil, isLocal: Bool = false) async throws -> String {
    let metadata = isLocal ? nil : InstanceMetadata(machine.surroundings)
    return try await RegionLookup(machine.surroundings, metadata: metadata).region(given: given)
  }

  private static let task = #"{"Cluster":"c","TaskARN":"arn:aws:ecs:us-west-2:012345678910:task/default/2b88"}"#

  @Test func `is the given one, that of the environment, of the task, or of the instance`() async throws {
    try await AnsweringServer.run({ $0.line.hasPrefix("PUT") ? "t" : "eu-north-1" }) { server async throws in
      var machine = Machine(
        [
          "AWS_REGION": "eu-west-1", "ECS_ENABLE_CONTAINER_METADATA": "TRUE", "ECS_CONTAINER_METADATA_FILE": "/ecs",
          "AWS_DEFAULT_REGION": "eu-west-3",
        ], files: ["/ecs": Self.task], metadata: server.url)
      #expect(try await region(machine, given: "us-gov-east-1") == "us-gov-east-1")
      #expect(try await region(machine, given: "") == "eu-west-1")
      machine.variables["AWS_REGION"] = ""
      #expect(try await region(machine) == "us-west-2")
      machine.files["/ecs"] = #"{"TaskARN":"arn"}"#
      #expect(try await region(machine) == "eu-north-1")
      machine.variables["ECS_ENABLE_CONTAINER_METADATA"] = nil
      #expect(try await region(machine) == "eu-north-1")
    }
  }

  @Test func `in local mode is that of the environment or the profile`() async throws {
    var machine = Machine(
      ["AWS_DEFAULT_REGION": "eu-west-3", "AWS_PROFILE": "p", "AWS_CONFIG_FILE": "/c"],
      files: ["/c": "[profile p]\nregion = eu-south-1\n"])
    #expect(try await region(machine, isLocal: true) == "eu-west-3")
    machine.variables["AWS_DEFAULT_REGION"] = nil
    #expect(try await region(machine, isLocal: true) == "eu-south-1")
  }

  @Test func `that nobody knows is an error that says who was asked`() async {
    let error = await #expect(throws: RegionError.self) { try await region(Machine()) }
    #expect(
      error?.description == """
        no AWS region: AWS_REGION is not set; \
        ECS: ECS_ENABLE_CONTAINER_METADATA and ECS_CONTAINER_METADATA_FILE are not set; \
        instance metadata: AWS_EC2_METADATA_DISABLED is true (give one by -n or AWS_REGION)
        """)
    let local = await #expect(throws: RegionError.self) { try await region(Machine(), isLocal: true) }
    #expect(local?.tried.count == 2)
  }

  @Test(arguments: ["eu west", "EU-WEST-1", "x/../y", "a.b", "-a", "evil.com/?"])
  func `is no other text`(_ text: String) async {
    await #expect(throws: RegionError.self) { try await region(Machine(), given: text) }
    #expect(AWSRegion.xrayEndpoint(text) == nil)
  }

  @Test(arguments: [
    ("eu-west-1", "https://xray.eu-west-1.amazonaws.com"),
    ("us-gov-west-1", "https://xray.us-gov-west-1.amazonaws.com"),
    ("cn-north-1", "https://xray.cn-north-1.amazonaws.com.cn"),
    ("us-iso-east-1", "https://xray.us-iso-east-1.c2s.ic.gov"),
    ("us-isob-east-1", "https://xray.us-isob-east-1.sc2s.sgov.gov"),
  ])
  func `has its own X-Ray endpoint`(_ region: String, _ url: String) {
    #expect(AWSRegion.xrayEndpoint(region)?.description == url)
  }
}

@Suite struct `A host's identity` {
  @Test func `is that of the environment, and else empty in local mode`() async {
    let machine = Machine(["AWS_INSTANCE_ID": "i-1"], metadata: "http://127.0.0.1:1")
    let identity = await HostIdentity.lookUp(machine.surroundings, metadata: nil)
    #expect(identity == HostIdentity(instanceID: "i-1"))
  }
}
