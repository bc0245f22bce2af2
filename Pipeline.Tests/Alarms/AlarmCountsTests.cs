using Pipeline.Host.Alarms;
using Pipeline.Models.Alarms;
using Pipeline.Tests.Support;
using Xunit;
using static Pipeline.Tests.Alarms.AlarmRun;

namespace Pipeline.Tests.Alarms;

public sealed class AlarmCountsTests
{
    [Fact]
    public void Other_limits_are_tried_on_the_same_points_whether_or_not_some_come_again()
    {
        var (now, then) = (new AlarmCounts(new AlarmRules()), new AlarmCounts(new AlarmRules { HeartRateHigh = 130 }));
        for (var i = 0; i < 1_800; i++)
        {
            var point = Points.Of(i, patient: i % 2 == 0 ? "P1" : "P2") with { Estimate = Rate(i % 200 < 40 ? 125 : 75), Time = Points.Start.AddSeconds(2 * i), WindowId = i / 2 };
            for (var again = 0; again < (i % 7 == 0 ? 2 : 1); again++)
            {
                now.Take(point);
                then.Take(point);
            }
        }
        now.Finish();
        then.Finish();

        Assert.Equal(1 / 24.0, now.Days, 9);
        Assert.Equal([(AlarmKind.Tachycardia, 18L)], now.Raised.Select(one => (one.Key, one.Value)));
        Assert.Empty(then.Raised);
        Assert.Equal(
            ["2 patients, 0.04 days of beds. Alarms a bed and day:", "                                    now    what if", "tachycardia                       432.0        0.0", "all of priority medium            432.0        0.0", "all                               432.0        0.0"],
            now.Compare(then));
    }
}
