using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;
using static Pipeline.Tests.Alarms.AlarmRun;

namespace Pipeline.Tests.Alarms;

/// <summary>The engine checks an alarm with the beats of all signals before it is raised. Windows 2 s apart.</summary>
public sealed class CheckedAlarmTests
{
    private readonly AlarmRun _run = new();
    private double _ecgBeat = 6, _ppgBeat = 6;

    [Fact]
    public void Ventricular_tachycardia_against_pulses_that_go_on_is_not_alarmed_about()
    {
        Beats(8, 30, 0.8, 0.8);
        _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.VentricularTachycardia, isOver: false);
        Beats(32, 40, 0.5, 0.8);
        _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.VentricularTachycardia, isOver: true);
        Beats(42, 60, 0.8, 0.8);

        Assert.Empty(_run.Changes);
    }

    [Fact]
    public void One_that_goes_on_is_alarmed_about_after_the_delay_of_a_contradicted_rate_with_the_reason()
    {
        Beats(8, 30, 0.8, 0.8);
        _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.VentricularTachycardia, isOver: false);
        Beats(32, 70, 0.5, 0.8);

        Assert.Equal("62 ventricular_tachycardia raised", _run.Said.First(said => said.Contains("ventricular", StringComparison.Ordinal)));
        Assert.Equal("rhythm in ecg of mon; check: pulses go on at 75/min in ppg", Raised(AlarmKind.VentricularTachycardia).Reason);
    }

    [Fact]
    public void Asystole_is_alarmed_about_at_once_whatever_the_check_says_and_keeps_its_reason_also_over_a_restart()
    {
        Beats(8, 30, 0.8, 0.8);
        _run.At(32, Rate(null, without: EstimateStatus.Asystole), Rate(75, SignalKind.Ppg));
        var reason = Raised(AlarmKind.Asystole).Reason;
        _run.Restart();
        _run.At(34, Rate(null, without: EstimateStatus.Asystole), Rate(75, SignalKind.Ppg));

        Assert.Equal("32 asystole raised", _run.Said.First());
        Assert.Matches("^no beats in ecg of mon; but ppg has 75; check: [0-9.]+ s without a beat at most in (ppg|ecg)$", reason);
        Assert.Equal(reason, _run.Engine.Open()[0].Reason);
    }

    [Fact]
    public void A_latched_alarm_does_not_recur_against_pulses_that_go_on()
    {
        Beats(8, 30, 0.8, 0.8);
        _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.VentricularTachycardia, isOver: false);
        Beats(32, 62, 0.5, 0.8);
        _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.VentricularTachycardia, isOver: true);
        Beats(64, 100, 0.8, 0.8);
        _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.VentricularTachycardia, isOver: false);
        Beats(102, 110, 0.5, 0.8);

        Assert.Equal(["raised", "latched"], _run.Changes.Where(change => change.Alarm?.Kind == AlarmKind.VentricularTachycardia).Select(change => AlarmNames.Of(change.Action)));
    }

    [Fact]
    public void A_device_whose_clock_is_ahead_of_another_is_a_technical_alarm_until_it_is_set()
    {
        for (var second = 8; second <= 120; second += 2)
        {
            _run.Window("a", second, "w1", Rate(75));
            _run.Window("b", second + (second is >= 40 and < 80 ? 45 : 0), "w1", Rate(75, SignalKind.Ppg));
        }

        var raised = Raised(AlarmKind.ClockSkew);
        Assert.Equal(("b", EventPriority.Technical), (raised.Device, raised.Priority));
        Assert.Matches("^the clock of b is [34][0-9] s ahead of another device's$", raised.Reason);
        Assert.Empty(_run.OpenKinds);
    }

    [Fact]
    public void A_state_of_version_1_has_no_beats_and_goes_on_without()
    {
        Beats(8, 60, 0.4, 0.4);
        var (state, older) = (new StateTransfer(), new AlarmEngine(new AlarmRules()));
        state.BeginWriting(1);
        _run.Engine.Transfer(state);
        state.BeginReading(state.EndWriting(), 1);
        older.Transfer(state);

        Assert.Null(state.EndReading());
        Assert.Equal(_run.Engine.Open().Select(one => (one.Kind, one.Number)), older.Open().Select(one => (one.Kind, one.Number)));
        Assert.DoesNotContain("check", older.Open()[0].Reason, StringComparison.Ordinal);
    }

    private PatientAlarm Raised(AlarmKind kind) => _run.Changes.First(change => change.Action == AlarmAction.Raised && change.Alarm!.Kind == kind).Alarm!;

    private void Beats(int from, int to, double ecg, double ppg)
    {
        for (var second = from; second <= to; second += 2)
        {
            var end = Points.Start.AddSeconds(second);
            _run.Engine.Take("mon", end, Rate(60 / ecg));
            _run.Engine.Take("mon", end, Rate(60 / ppg, SignalKind.Ppg));
            for (; _ecgBeat < second; _ecgBeat += ecg)
                _run.Engine.TakeBeat("mon", SignalKind.Ecg, second - _ecgBeat, BeatLabel.Normal);
            for (; _ppgBeat < second; _ppgBeat += ppg)
                _run.Engine.TakeBeat("mon", SignalKind.Ppg, second - _ppgBeat, BeatLabel.None);
            _run.Engine.Judge("w1", "b1", _run.Changes);
        }
    }
}
