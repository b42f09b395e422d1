import XRayModel

extension FunctionRecord {
  /// The version that `qualifier` names: `$LATEST`, a number, or an alias, which may leave it to chance.
  func version(named qualifier: String?, random: RandomSource) -> FunctionVersion? {
    guard let qualifier, let alias = latest.aliases.first(where: { $0.name == qualifier }) else {
      return version(qualifier)
    }
    // Without weights nothing is drawn: runs with the same seed stay the same.
    return version(alias.weights.isEmpty ? alias.version : alias.version(roll: random.fraction()))
  }
}
