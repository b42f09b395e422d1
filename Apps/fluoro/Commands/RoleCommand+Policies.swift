import ArgumentParser

/// A managed policy, by its ARN or its name.
struct ManagedPolicyName: ParsableArguments {
  @Argument(help: ArgumentHelp("A managed policy, by its ARN or its name.", valueName: "policy"))
  var policy: String
}

struct RoleAttachCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach", abstract: "Give a role a managed policy.",
    discussion: """
      EXAMPLES:
        fluoro role attach hello AWSXRayDaemonWriteAccess
        fluoro role attach hello arn:aws:iam::000000000000:policy/tables
      """)

  @OptionGroup var role: RoleName
  @OptionGroup var policy: ManagedPolicyName
  @OptionGroup var endpoint: RoleEndpoint

  func run() async throws {
    try await endpoint.use { service in
      let policy = try await service.policy(policy.policy)
      try await service.call("AttachRolePolicy", [("RoleName", role.name), ("PolicyArn", policy.arn)])
    }
  }
}

struct RoleDetachCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detach", abstract: "Take a managed policy from a role.",
    discussion: """
      EXAMPLES:
        fluoro role detach hello AWSXRayDaemonWriteAccess
      """)

  @OptionGroup var role: RoleName
  @OptionGroup var policy: ManagedPolicyName
  @OptionGroup var endpoint: RoleEndpoint

  func run() async throws {
    try await endpoint.use { service in
      let policy = try await service.policy(policy.policy)
      try await service.call("DetachRolePolicy", [("RoleName", role.name), ("PolicyArn", policy.arn)])
    }
  }
}

struct RolePutPolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "put-policy", abstract: "Give a role a policy of its own, or replace it.",
    discussion: """
      EXAMPLES:
        fluoro role put-policy hello tables --document tables.json
      """)

  @OptionGroup var role: RoleName

  @Argument(help: ArgumentHelp("The policy's name, within the role.", valueName: "policy-name"))
  var policy: String

  @Option(help: ArgumentHelp("What the policy says, as JSON.", valueName: "file"))
  var document: String

  @OptionGroup var endpoint: RoleEndpoint

  func run() async throws {
    let text = try PolicyFile.contents(of: document)
    try await endpoint.use { service in
      try await service.call(
        "PutRolePolicy", [("RoleName", role.name), ("PolicyName", policy), ("PolicyDocument", text)])
    }
  }
}

struct RoleDeletePolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete-policy", abstract: "Take a policy of its own from a role.",
    discussion: """
      EXAMPLES:
        fluoro role delete-policy hello tables
      """)

  @OptionGroup var role: RoleName

  @Argument(help: ArgumentHelp("The policy's name, within the role.", valueName: "policy-name"))
  var policy: String

  @OptionGroup var endpoint: RoleEndpoint

  func run() async throws {
    try await endpoint.use { service in
      try await service.call("DeleteRolePolicy", [("RoleName", role.name), ("PolicyName", policy)])
    }
  }
}
