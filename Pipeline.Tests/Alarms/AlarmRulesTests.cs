using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Models.Alarms;
using Xunit;

namespace Pipeline.Tests.Alarms;

public sealed class AlarmRulesTests
{
    [Theory]
    [InlineData("Alarms:HeartRateHigh=400", "Alarms:HeartRateHigh is '400'; allowed: 15 to 300")]
    [InlineData("Alarms:HeartRateHigh=45", "Alarms:HeartRateHigh is '45'; at least HeartRateLow (50) is wanted.")]
    [InlineData("Alarms:LimitDelay=00:10:00", "Alarms:LimitDelay is '00:10:00'; allowed: 00:00:00 to 00:05:00")]
    [InlineData("Alarms:Wards:NICU:HeartRateLow=200", "Alarms:Wards is 'NICU'; HeartRateHigh of ward 'NICU': at least HeartRateLow (200) is wanted.")]
    [InlineData("Alarms:Wards:NICU:HartRateLow=90", "Alarms:Wards:NICU:HartRateLow is no setting; the nearest is ")]
    public void Rules_that_cannot_be_are_named_with_what_is_allowed(string assignment, string message)
    {
        var fault = Assert.Throws<CommandException>(() => Bind(assignment));

        Assert.StartsWith(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ward_has_the_usual_limits_but_for_its_own()
    {
        var rules = Bind("Alarms:Wards:NICU:HeartRateHigh=180", "Alarms:Wards:NICU:HeartRateVeryHigh=200");

        Assert.Equal(new AlarmLimits(40, 50, 180, 200, 80, 110, 160), rules.LimitsOf("NICU"));
        Assert.Equal(new AlarmLimits(40, 50, 120, 140, 80, 110, 160), rules.LimitsOf("ICU"));
    }

    private static AlarmRules Bind(params string[] assignments) => Settings.Bind<AlarmRules>(Settings.Load(null, assignments), PipelineSettings.AlarmsSection);
}
