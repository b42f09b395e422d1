// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "XRayModel",
  products: [.library(name: "XRayModel", targets: ["XRayModel"])],
  targets: [.target(name: "XRayModel", swiftSettings: settings)]
)
