using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Xunit;

namespace Pipeline.Tests.Alarms;

/// <summary>Alarms against beats of several signals over 20 s, of which the last 16 count.</summary>
public sealed class AlarmCheckTests
{
    private const double Now = 100;

    [Fact]
    public void Asystole_is_false_while_the_pulses_of_another_good_signal_go_on()
    {
        var ecg = Signal(SignalKind.Ecg, Every(0.8, until: 93));
        var ppg = Signal(SignalKind.Ppg, Every(0.8));

        var alone = AlarmCheck.Of(AlarmKind.Asystole, [ecg]);
        var both = AlarmCheck.Of(AlarmKind.Asystole, [ecg, ppg]);

        Assert.True(alone.IsTrue);
        Assert.Equal(("7.2 s without a beat at most in ecg", true), (alone.Reason, alone.Probability > 0.99));
        Assert.False(both.IsTrue);
        Assert.Equal((SignalKind.Ppg, CheckFinding.Pause), (both.Signal, both.Finding));
    }

    [Fact]
    public void A_signal_that_is_not_good_or_counts_each_beat_twice_does_not_speak_against_asystole()
    {
        var ecg = Signal(SignalKind.Ecg, Every(0.8, until: 93));

        Assert.True(AlarmCheck.Of(AlarmKind.Asystole, [ecg, Signal(SignalKind.Ppg, Every(0.8), quality: 0.4)]).IsTrue);
        Assert.True(AlarmCheck.Of(AlarmKind.Asystole, [ecg, Signal(SignalKind.Ppg, Every(0.8), usable: 3)]).IsTrue);
        Assert.True(AlarmCheck.Of(AlarmKind.Asystole, [ecg, Signal(SignalKind.Ppg, Every(0.4))]).IsTrue);
    }

    [Fact]
    public void An_arterial_pressure_that_loses_its_pulses_confirms_asystole_whatever_the_ecg_shows()
    {
        var (ecg, abp) = (Signal(SignalKind.Ecg, Every(0.8)), Signal(SignalKind.Abp, Every(0.8, until: 95)));

        Assert.Equal((CheckFinding.PulseLost, true), Found(AlarmKind.Asystole, ecg, abp));
        Assert.False(AlarmCheck.Of(AlarmKind.Asystole, [ecg, abp, Signal(SignalKind.Ppg, Every(0.8))]).IsTrue);
    }

    [Theory]
    [InlineData(1.6, true)]        // 37 a minute
    [InlineData(1.2, false)]
    public void Bradycardia_is_five_beats_below_40(double interval, bool isTrue) =>
        Assert.Equal((CheckFinding.SlowestRate, isTrue), Found(AlarmKind.ExtremeBradycardia, Signal(SignalKind.Ecg, Every(interval))));

    [Fact]
    public void Bradycardia_is_false_where_another_good_signal_has_the_beats_that_one_misses()
    {
        var ecg = Signal(SignalKind.Ecg, Every(1.6));

        Assert.False(AlarmCheck.Of(AlarmKind.ExtremeBradycardia, [ecg, Signal(SignalKind.Abp, Every(1.0))]).IsTrue);
        Assert.True(AlarmCheck.Of(AlarmKind.ExtremeBradycardia, [ecg, Signal(SignalKind.Abp, Every(0.8))]).IsTrue);      // twice as many: a dicrotic notch
    }

    [Fact]
    public void Tachycardia_is_true_when_one_good_signal_shows_it_or_none_can_tell()
    {
        var slow = Signal(SignalKind.Ppg, Every(0.8));

        Assert.True(AlarmCheck.Of(AlarmKind.ExtremeTachycardia, [Signal(SignalKind.Ecg, Every(0.4)), slow]).IsTrue);
        Assert.False(AlarmCheck.Of(AlarmKind.ExtremeTachycardia, [Signal(SignalKind.Ecg, Every(0.8)), slow]).IsTrue);
        Assert.Equal((CheckFinding.Untold, true), Found(AlarmKind.ExtremeTachycardia, Signal(SignalKind.Ecg, [], usable: 0)));
    }

    [Fact]
    public void Ventricular_tachycardia_is_five_ventricular_beats_in_a_row_above_100()
    {
        var ecg = Signal(SignalKind.Ecg, Every(0.5), label: at => at is > 94 and < 97.2 ? BeatLabel.Ventricular : BeatLabel.Normal);
        var pair = Signal(SignalKind.Ecg, Every(0.5), label: at => at is > 95 and < 96.1 ? BeatLabel.Ventricular : BeatLabel.Normal);

        Assert.Equal((CheckFinding.VentricularRun, true), Found(AlarmKind.VentricularTachycardia, ecg));
        Assert.Equal((CheckFinding.VentricularBeats, false), Found(AlarmKind.VentricularTachycardia, pair));
        Assert.Equal((CheckFinding.EvenPulses, false), Found(AlarmKind.VentricularTachycardia, ecg, Signal(SignalKind.Ppg, Every(0.8))));
    }

    [Fact]
    public void Even_pulses_speak_against_a_ventricular_tachycardia_once_five_of_them_came_in_it()
    {
        SignalSummary Run(double from) => Signal(SignalKind.Ecg, Every(0.5), label: at => at > from ? BeatLabel.Ventricular : BeatLabel.Normal);

        Assert.Equal((CheckFinding.VentricularRun, true), Found(AlarmKind.VentricularTachycardia, Run(97.4), Signal(SignalKind.Ppg, Every(0.8))));
        Assert.Equal((CheckFinding.EvenPulses, false), Found(AlarmKind.VentricularTachycardia, Run(95.4), Signal(SignalKind.Ppg, Every(0.8))));
    }

    [Fact]
    public void Fibrillation_is_true_where_the_ecg_shows_it_and_no_pulse_goes_on()
    {
        var ecg = Signal(SignalKind.Ecg, Every(0.3), fibrillates: true);

        Assert.Equal((CheckFinding.Fibrillation, true), Found(AlarmKind.VentricularFibrillation, ecg));
        Assert.Equal((CheckFinding.EvenPulses, false), Found(AlarmKind.VentricularFibrillation, ecg, Signal(SignalKind.Abp, Every(0.8))));
        Assert.Equal((CheckFinding.Fibrillation, true), Found(AlarmKind.VentricularFibrillation, ecg, Signal(SignalKind.Abp, Every(0.8, until: 95))));
        Assert.Equal((CheckFinding.Organized, false), Found(AlarmKind.VentricularFibrillation, Signal(SignalKind.Ecg, Every(0.8))));
    }

    [Fact]
    public void A_history_goes_on_from_its_bytes_with_any_number_of_beats()
    {
        for (var count = 0; count < 150; count += 13)
        {
            var (history, read, state) = (new SignalHistory(), new SignalHistory(), new StateTransfer());
            for (var i = 0; i < count; i++)
                history.Take(1000 + 300 * i, (BeatLabel)(i % 4));
            history.TakeWindow(EstimateStatus.Ok, 0.8);
            state.BeginWriting(1);
            history.Transfer(state);
            state.BeginReading(state.EndWriting(), 1);
            read.Transfer(state);

            Assert.Null(state.EndReading());
            history.Take(1000 + 300 * count, BeatLabel.Normal);
            read.Take(1000 + 300 * count, BeatLabel.Normal);
            Assert.Equal(history.Summary(SignalKind.Ecg, 1000 + 300 * count, isLive: true), read.Summary(SignalKind.Ecg, 1000 + 300 * count, isLive: true));
        }
    }

    private static (CheckFinding, bool) Found(AlarmKind kind, params ReadOnlySpan<SignalSummary> signals)
    {
        var verdict = AlarmCheck.Of(kind, signals);
        return (verdict.Finding, verdict.IsTrue);
    }

    private static IEnumerable<double> Every(double interval, double until = Now)
    {
        for (var at = Now - 20; at < until; at += interval)
            yield return at;
    }

    private static SignalSummary Signal(
        SignalKind signal, IEnumerable<double> beats, double quality = 0.9, int usable = 8, bool fibrillates = false, Func<double, BeatLabel>? label = null)
    {
        var history = new SignalHistory();
        for (var window = 0; window < 8; window++)
            history.TakeWindow(fibrillates && window > 5 ? EstimateStatus.VentricularFibrillation : window < usable ? EstimateStatus.Ok : EstimateStatus.LowQuality, quality);
        foreach (var at in beats)
            history.Take((long)(1000 * at), label?.Invoke(at) ?? BeatLabel.Normal);
        return history.Summary(signal, (long)(1000 * Now), isLive: false);
    }
}
