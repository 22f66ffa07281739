package import AdvPOModel

/// What a job asks for as decimals: checked here, so that the message names the flag and not the tag that it becomes.
extension Settings {
    package func budgetDollars(flag: String?) throws(SettingsError) -> (text: String, amount: NanoDollars)? {
        guard let text = string(.budgetDollars, flag: flag) else { return nil }
        guard let amount = JobOptions.budgetDollars(reading: text) else {
            throw SettingsError(message: "\(SettingKey.budgetDollars.places) must be \(JobOptions.budgetDollarsConstraint), found '\(text.prefix(100))'")
        }
        return (text, amount)
    }

    package func holdout(flag: String?) throws(SettingsError) -> (text: String, thousandths: Int)? {
        guard let text = string(.holdout, flag: flag) else { return nil }
        guard let thousandths = JobOptions.holdoutThousandths(reading: text) else {
            throw SettingsError(message: "\(SettingKey.holdout.places) must be \(JobOptions.holdoutConstraint), found '\(text.prefix(100))'")
        }
        return (text, thousandths)
    }
}
