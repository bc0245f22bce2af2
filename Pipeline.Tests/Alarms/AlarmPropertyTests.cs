using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;
using static Pipeline.Tests.Alarms.AlarmRun;

namespace Pipeline.Tests.Alarms;

/// <summary>What holds of every history: random windows of three devices, with what nurses want in between.</summary>
public sealed class AlarmPropertyTests
{
    private const int Histories = 150, Windows = 600;
    private static readonly AlarmRules Rules = new() { LatchFor = TimeSpan.FromMinutes(3), FetalLimitDelay = TimeSpan.FromSeconds(30), FetalExtremeDelay = TimeSpan.FromSeconds(20) };

    [Fact]
    public void Every_alarm_is_raised_once_and_ends_once_or_is_open_and_its_states_follow_each_other()
    {
        foreach (var run in All())
        {
            Assert.Equal(Enumerable.Range(1, run.Changes.Count).Select(number => (long)number), run.Changes.Select(change => change.Sequence));
            var states = new Dictionary<long, AlarmState>();
            foreach (var change in run.Changes)
            {
                if (change.Alarm is { } alarm)
                {
                    var before = states.GetValueOrDefault(alarm.Number, AlarmState.Ended);
                    Assert.True(Follows(before, change.Action, alarm.State, states.ContainsKey(alarm.Number)), $"{before} {Say(change)} {alarm.State}");
                    states[alarm.Number] = alarm.State;
                }
                Assert.Equal(states.Where(one => one.Value != AlarmState.Ended).Select(one => one.Key).Order(), change.Open.Select(one => one.Number).Order());
                Assert.All(change.Open, one => Assert.Equal(states[one.Number], one.State));
                Assert.Equal(change.Open.Select(one => AlarmNames.RankOf(one.Priority)).OrderDescending(), change.Open.Select(one => AlarmNames.RankOf(one.Priority)));
            }
        }
    }

    [Fact]
    public void Of_one_kind_and_signal_no_alarm_begins_sooner_after_the_one_before_than_the_delays_allow()
    {
        foreach (var run in All())
            foreach (var raised in run.Changes.Where(change => change.Action == AlarmAction.Raised).GroupBy(change => (change.Alarm!.Kind, change.Alarm.Device, change.Alarm.Signal)))
                foreach (var (one, next) in raised.Zip(raised.Skip(1)))
                    if (!run.Changes.Any(change => change.Alarm?.Number == one.Alarm!.Number && change.Action is AlarmAction.Acknowledged))
                        Assert.True(next.At.SecondsSince(one.At) >= (Rules.MinDuration + Rules.OffDelay).TotalSeconds - 2.001, $"{Say(one)}, {Say(next)}");
    }

    [Fact]
    public void A_restart_at_any_window_changes_nothing()
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            var (whole, broken) = (new AlarmRun(Rules), new AlarmRun(Rules));
            var largest = 0;
            Play(seed, whole);
            Play(seed, broken, () => largest = Math.Max(largest, broken.Restart()));

            Assert.Equal(whole.Changes.Select(Whole), broken.Changes.Select(Whole));
            Assert.InRange(largest, 100, 4_000);
        }
    }

    [Fact]
    public void Bytes_that_are_cut_off_or_changed_are_refused_or_read_as_something_that_goes_on()
    {
        var run = new AlarmRun(Rules);
        Play(3, run);
        var state = new Models.State.StateTransfer();
        state.BeginWriting(AlarmEngine.StateVersion);
        run.Engine.Transfer(state);
        var bytes = state.EndWriting();
        for (var length = 0; length < bytes.Length; length++)
        {
            run.Read(bytes[..length], out var fault);
            Assert.NotNull(fault);
        }
        var random = new Random(1);
        for (var i = 0; i < 2_000; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            var engine = run.Read(changed, out var fault);
            if (fault is null)
                engine.Take("mon", Points.Start, Rate(75));
        }
    }

    [Fact]
    public void Nothing_is_allocated_while_nothing_changes()
    {
        var run = new AlarmRun();
        run.From(8, 40, Rate(75), Rate(76, SignalKind.Ppg));
        var (ecg, ppg, changes) = (Rate(75), Rate(76, SignalKind.Ppg), new List<AlarmChange>());

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            run.Engine.Take("mon", Points.Start.AddSeconds(42 + 2 * i), ecg);
            run.Engine.Take("mon", Points.Start.AddSeconds(42 + 2 * i), ppg);
            run.Engine.Judge("w1", "b1", changes);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Empty(changes);
    }

    /// <summary>A second form of the rule of one limit: for each window it looks back over all that was.</summary>
    [Fact]
    public void Tachycardia_begins_and_ends_as_a_look_over_the_whole_history_says()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var (random, run, history, naive, isOn, raisedAt) = (new Random(seed), new AlarmRun(), new List<double>(), new List<string>(), false, 0);
            for (int i = 0, rate = 110; i < 300; i++)
            {
                rate = random.Next(6) == 0 ? random.Next(112, 132) : rate;
                history.Add(rate);
                var at = 8 + 2 * i;
                run.At(at, Rate(rate));
                var (on, off) = (history.AsEnumerable().Reverse().TakeWhile(one => one > 120).Count(), history.AsEnumerable().Reverse().TakeWhile(one => one <= 117).Count());
                if (!isOn && on > 5)
                {
                    (isOn, raisedAt) = (true, at);
                    naive.Add($"{at} tachycardia raised");
                }
                else if (isOn && off > 3 && at - raisedAt >= 10)
                {
                    isOn = false;
                    naive.Add($"{at} tachycardia ended");
                }
            }
            Assert.Equal(naive, run.Said);
        }
    }

    private static IEnumerable<AlarmRun> All() => Enumerable.Range(1, Histories).Select(seed =>
    {
        var run = new AlarmRun(Rules);
        Play(seed, run);
        return run;
    });

    private static bool Follows(AlarmState before, AlarmAction action, AlarmState now, bool isKnown) => (before, action, now) switch
    {
        (AlarmState.Ended, AlarmAction.Raised, AlarmState.Active) => !isKnown,
        (AlarmState.Active, AlarmAction.Latched, AlarmState.Latched) => true,
        (AlarmState.Latched, AlarmAction.Recurred, AlarmState.Active) => true,
        (AlarmState.Active or AlarmState.Latched, AlarmAction.Acknowledged, AlarmState.Acknowledged) => true,
        (AlarmState.Acknowledged, AlarmAction.Reminded, AlarmState.Acknowledged) => true,
        (AlarmState.Active, AlarmAction.Escalated, AlarmState.Active) or (AlarmState.Latched, AlarmAction.Escalated, AlarmState.Latched) => true,
        (not AlarmState.Ended, AlarmAction.Ended, AlarmState.Ended) => true,
        _ => false,
    };

    private static string Whole(AlarmChange change) =>
        $"{change.Sequence} {Say(change)} {change.Alarm} {change.PausedUntil} {change.By} {change.Why} | {string.Join("; ", change.Open)}";

    /// <summary>Rates that wander, statuses that come and go, devices that fall silent, and a nurse.</summary>
    private static void Play(int seed, AlarmRun run, Action? between = null)
    {
        var random = new Random(seed);
        var (rate, status, silentFor) = (75.0, EstimateStatus.Ok, 0);
        for (var i = 0; i < Windows; i++)
        {
            rate = Math.Clamp(rate + random.Next(-6, 7) + (random.Next(40) == 0 ? random.Next(-60, 61) : 0), 20, 220);
            if (random.Next(8) == 0)
                status = random.Next(3) > 0 ? EstimateStatus.Ok : (EstimateStatus)random.Next(0, 8);
            silentFor = random.Next(60) == 0 ? random.Next(40) : silentFor - 1;
            var seconds = 8 + 2 * i;
            run.At(seconds, Rate(status == EstimateStatus.Ok ? rate : null, without: status), Rate(random.Next(5) > 0 ? rate + random.Next(-3, 4) : null, SignalKind.Abp));
            if (silentFor <= 0)
                run.Window("wrist", seconds + random.NextDouble(), "w1", Rate(rate + random.Next(-30, 31), SignalKind.Ppg, quality: random.NextDouble()));
            if (seed % 3 == 0)
                run.Window("ctg", seconds, "w1", Rate(random.Next(4) > 0 ? rate + 40 : null, SignalKind.FetalHeartRate, EstimateStatus.Coincidence, Metric.FetalHeartRate));
            if (random.Next(30) == 0)
                run.Engine.Acknowledge(random.Next(3) > 0 ? 0 : (run.Engine.Open() is [var first, ..] ? first.Number : 5), "n1", "seen", run.Changes);
            if (random.Next(90) == 0)
                run.Engine.Pause(TimeSpan.FromSeconds(random.Next(0, 200)), "n1", "care", run.Changes);
            if (random.Next(150) == 0)
                run.Engine.SetLimits(new LimitChange { HeartRateHigh = random.Next(90, 140) }, "d1", "", run.Changes);
            if (random.Next(20) == 0)
                between?.Invoke();
        }
    }
}
