extension Policy {
  /// A managed policy by its name; ``ManagedPolicy/all`` has those that are known.
  public static func managed(_ name: String) -> Policy? {
    ManagedPolicy.all.first { $0.name == name }?.policy
  }
}
