using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Alarms;

/// <summary>Commands to patients' alarms: records of the input topic, applied in the order of the patient's samples.</summary>
public sealed class AlarmCommandTests
{
    private static readonly PatientId Patient = new("P-0");

    [Fact]
    public void A_command_comes_back_from_a_record_as_it_was()
    {
        AlarmCommand[] commands =
        [
            new(AlarmCommandKind.Acknowledge, Points.Start, "n1", "seen") { Number = 7, Id = -5 },
            new(AlarmCommandKind.Pause, Points.Start, "n1", "") { Time = TimeSpan.FromSeconds(90) },
            new(AlarmCommandKind.Move, Points.Start, "n1", "") { Bed = "12", Ward = "ICU" },
            new(AlarmCommandKind.Admit, Points.Start, "n1", ""),
            new(AlarmCommandKind.Discharge, Points.Start, "n1", "home"),
            new(AlarmCommandKind.Limits, Points.Start, "d2", "fever") { Limits = new LimitChange { HeartRateHigh = 130, FetalRateLow = 105 } },
        ];
        foreach (var command in commands)
        {
            var chunk = new SampleDecoder().Decode(SampleEncoder.Key(Patient), CommandCodec.EncodeRecord(Patient, command), out var refused);

            Assert.Null(refused);
            Assert.Equal((Patient, command), (chunk!.Patient, chunk.Command));
        }
    }

    [Fact]
    public void A_command_that_comes_again_is_applied_once()
    {
        var run = new AlarmRun().From(8, 20, AlarmRun.Rate(75));
        var command = new AlarmCommand(AlarmCommandKind.Pause, Points.Start, "n1", "") { Time = TimeSpan.FromMinutes(1), Id = 9 };

        run.Engine.Apply(command, run.Changes);
        run.Restart();
        Assert.Null(run.Engine.Apply(command, run.Changes));

        Assert.Equal(["20 paused"], run.Said);
    }

    [Fact]
    public void A_command_that_was_refused_before_the_first_window_is_known_when_it_comes_again_after_a_restart()
    {
        var run = new AlarmRun();
        var command = new AlarmCommand(AlarmCommandKind.Acknowledge, Points.Start, "n1", "") { Id = 9 };
        Assert.Equal("no alarm waits to be acknowledged", run.Engine.Apply(command, run.Changes));

        Assert.False(run.Engine.IsEmpty);
        run.Restart();
        Assert.Null(run.Engine.Apply(command, run.Changes));
    }

    [Fact]
    public void A_discharge_ends_what_is_open_and_nothing_is_alarmed_about_until_the_next_is_admitted()
    {
        var run = new AlarmRun().From(8, 20, AlarmRun.Rate(160));
        run.Engine.Apply(new AlarmCommand(AlarmCommandKind.Limits, Points.Start, "n1", "") { Limits = new LimitChange { HeartRateHigh = 130 } }, run.Changes);
        run.Engine.Apply(new AlarmCommand(AlarmCommandKind.Discharge, Points.Start, "n1", "home"), run.Changes);
        run.From(22, 40, AlarmRun.Rate(160)).Restart();
        run.From(42, 60, AlarmRun.Rate(160));
        run.Engine.Apply(new AlarmCommand(AlarmCommandKind.Admit, Points.Start, "n1", ""), run.Changes);
        run.From(62, 66, AlarmRun.Rate(160));

        Assert.Equal(
            ["10 extreme_tachycardia raised", "20 limits_set", "20 extreme_tachycardia ended", "20 discharged", "60 admitted", "64 extreme_tachycardia raised"], run.Said);
        Assert.Equal(("n1", "the patient is discharged"), (run.Changes[2].By, run.Changes[2].Why));
        Assert.Equal(new AlarmRules().Limits, run.Engine.Limits);
    }

    [Fact]
    public void A_move_holds_until_the_samples_name_another_place_themselves_and_brings_the_limits_of_the_ward()
    {
        var run = new AlarmRun(new AlarmRules { Wards = { ["ICU"] = new LimitChange { HeartRateHigh = 110 } } }).From(8, 20, AlarmRun.Rate(75));
        run.Engine.Apply(new AlarmCommand(AlarmCommandKind.Move, Points.Start, "n1", "") { Bed = "12", Ward = "ICU" }, run.Changes);
        run.At(22, AlarmRun.Rate(75)).Restart();
        run.At(24, AlarmRun.Rate(75));

        Assert.Equal(("ICU", "12", 110), (run.Engine.Ward, run.Engine.Bed, run.Engine.Limits.High));
        run.Window("mon", 26, "w3", AlarmRun.Rate(75)).At(28, AlarmRun.Rate(75));
        Assert.Equal(("w1", "b1", 120), (run.Engine.Ward, run.Engine.Bed, run.Engine.Limits.High));
        Assert.Equal(["20 moved"], run.Said);
        Assert.Equal("a move to no bed", new AlarmCommand(AlarmCommandKind.Move, Points.Start, "n1", "").FindFault());
    }

    [Theory]
    [InlineData("P-1", "n1", 0, "the record's key is not the patient that the command names")]
    [InlineData("P-0", "", 0, "a command by somebody of 0 characters; 1 to 200 are wanted")]
    [InlineData("P-0", "n1", -1, "alarm -1")]
    public void A_command_that_cannot_be_is_refused_with_the_reason(string key, string by, long number, string reason)
    {
        var command = new AlarmCommand(AlarmCommandKind.Acknowledge, Points.Start, by, "") { Number = number };

        Assert.Null(new SampleDecoder().Decode(SampleEncoder.Key(new PatientId(key)), CommandCodec.EncodeRecord(Patient, command), out var refused));

        Assert.Equal(reason, refused);
    }

    [Fact]
    public async Task Commands_are_applied_among_the_samples_and_one_that_cannot_be_is_a_dead_letter()
    {
        var rules = new AlarmRules { HeartRateHigh = 55, HeartRateLow = 54, LimitDelay = default };
        var (chunks, sink) = (SimulatedChunks.Of(beds: 1, seconds: 40), new RecordingSink());
        chunks.Insert(chunks.Count / 2, SampleChunk.Of(Patient, new AlarmCommand(AlarmCommandKind.Acknowledge, Points.Start, "n1", "seen")));
        chunks.Insert(chunks.Count / 2 + 1, SampleChunk.Of(Patient, new AlarmCommand(AlarmCommandKind.Limits, Points.Start, "d2", "") { Limits = new LimitChange { HeartRateHigh = 30 } }));
        await using var shards = TestPartitions.Of(new TopologyOptions(), [sink], TimeProvider.System, alarms: rules);
        shards.Assign(0, "t");
        for (var i = 0; i < chunks.Count; i++)
            while (!shards.TryPost(0, new ShardRecord(i, chunks[i])))
                await shards.WaitForSpaceAsync(0, CancellationToken.None);
        await shards.RevokeAsync(0, CancellationToken.None);

        var changes = sink.Points.Where(point => point.Alarm is not null).ToList();
        var acknowledged = Assert.Single(changes, point => point.Alarm!.Action == AlarmAction.Acknowledged);
        Assert.Equal(("n1", "seen", AlarmState.Acknowledged), (acknowledged.Alarm!.By, acknowledged.Alarm.Why, acknowledged.Alarm.Alarm!.State));
        Assert.Equal((chunks.FindIndex(chunk => chunk.Command is not null), "ICU", "bed 0"), ((int)acknowledged.Origin.Offset, acknowledged.Ward, acknowledged.Bed));
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(number => (long)number), changes.Select(point => point.Alarm!.Sequence));
        var letter = Assert.Single(sink.DeadLetters);
        Assert.Equal(("command", "HeartRateHigh: at least HeartRateLow (54) is wanted"), (letter.Stage, letter.Reason));
    }
}
