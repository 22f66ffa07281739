import AdvPOModel
import Logging

extension Coordinator {
    /// One line of the brain, with its keys.
    func log(_ line: BrainEffect.LogLine) {
        var metadata: Logger.Metadata = [:]
        if let job = line.job { metadata[LogKey.job] = "\(job)" }
        if let run = line.run { metadata[LogKey.run] = "\(run)" }
        for (key, value) in line.details { metadata[key] = "\(value)" }
        let level: Logger.Level =
            switch line.level {
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            }
        logger.log(level: level, "\(line.message)", metadata: metadata)
    }
}
