using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Xunit;
using static Pipeline.Tests.Alarms.AlarmRun;

namespace Pipeline.Tests.Alarms;

/// <summary>The default limits: systolic 90 to 160, mean 65 to 110, diastolic 50 to 90 mmHg; 10 s before an alarm.</summary>
public sealed class PressureAlarmTests
{
    private readonly AlarmRun _run = new();

    [Fact]
    public void A_mean_pressure_below_its_limit_is_alarmed_about_after_its_delay_and_until_it_is_back_by_the_hysteresis()
    {
        _run.From(8, 20, Line(120, 80, 93)).From(22, 40, Line(95, 52, 60)).From(42, 60, Line(98, 55, 67)).From(62, 80, Line(100, 60, 72));

        Assert.Equal(["32 low_mean_pressure raised", "68 low_mean_pressure ended"], _run.Said);
        var alarm = _run.Changes[0].Alarm!;
        Assert.Equal((EventPriority.Medium, "60 below 65 in abp of mon"), (alarm.Priority, alarm.Reason));
    }

    [Theory]
    [InlineData(84, 60, 70, "low_systolic_pressure")]
    [InlineData(172, 80, 105, "high_systolic_pressure")]
    [InlineData(110, 44, 70, "low_diastolic_pressure")]
    [InlineData(150, 96, 108, "high_diastolic_pressure")]
    [InlineData(155, 88, 115, "high_mean_pressure")]
    public void Each_limit_has_an_alarm(double systolic, double diastolic, double mean, string kind)
    {
        _run.From(8, 30, Line(systolic, diastolic, mean));

        Assert.Equal([$"18 {kind} raised"], _run.Said);
    }

    [Fact]
    public void Beside_an_alarm_of_the_mean_pressure_there_is_none_of_the_others_on_the_same_side()
    {
        _run.From(8, 60, Line(70, 40, 50));

        Assert.Equal(["low_mean_pressure"], _run.OpenKinds);
    }

    [Fact]
    public void A_line_that_damps_is_a_technical_alarm_and_the_mean_pressure_is_still_watched()
    {
        var damped = new[] { Rate(75, SignalKind.Abp), Rate(null, SignalKind.Abp, EstimateStatus.Overdamped, Metric.Systolic), Rate(null, SignalKind.Abp, EstimateStatus.Overdamped, Metric.Diastolic), Rate(58, SignalKind.Abp, metric: Metric.MeanPressure) };
        _run.From(8, 20, Line(120, 80, 93)).From(22, 60, damped);

        Assert.Equal(["32 low_mean_pressure raised", "52 pressure_line raised"], _run.Said);
        Assert.Equal("no usable blood pressure from abp of mon: overdamped", _run.Changes[1].Alarm!.Reason);
        Assert.Equal(EventPriority.Technical, _run.Changes[1].Alarm!.Priority);
    }

    [Fact]
    public void A_line_without_pulses_is_lost_once()
    {
        _run.From(8, 20, Line(120, 80, 93)).From(22, 60, Rate(null, SignalKind.Abp, EstimateStatus.Flat), Rate(null, SignalKind.Abp, EstimateStatus.Clotted, Metric.Systolic));

        Assert.Equal(["32 signal_lost raised"], _run.Said);
    }

    [Fact]
    public void A_patient_can_have_pressure_limits_of_its_own_that_do_not_cross()
    {
        _run.At(8, Line(120, 80, 93));
        var own = new LimitChange { SystolicPressureHigh = 130, MeanPressureLow = 55 };

        Assert.Null(_run.Engine.SetLimits(own, "n1", "", _run.Changes));
        Assert.Contains("SystolicPressureHigh", _run.Engine.SetLimits(new LimitChange { SystolicPressureHigh = 80 }, "n1", "", _run.Changes), StringComparison.Ordinal);
        _run.From(10, 30, Line(135, 80, 60));

        Assert.Equal(["high_systolic_pressure"], _run.OpenKinds);
        _run.Restart();
        Assert.Equal((130.0, 55.0), (_run.Engine.Limits.SystolicHigh, _run.Engine.Limits.MeanLow));
        Assert.Equal(["high_systolic_pressure"], _run.OpenKinds);
    }

    [Fact]
    public void State_of_a_program_without_pressures_is_read()
    {
        _run.From(8, 30, Rate(125));
        var state = new StateTransfer();
        state.BeginWriting(AlarmEngine.StateVersion - 1);
        _run.Engine.Transfer(state);

        var engine = new AlarmEngine(new AlarmRules());
        state.BeginReading(state.EndWriting(), AlarmEngine.StateVersion - 1);
        engine.Transfer(state);

        Assert.Null(state.EndReading());
        Assert.Equal([AlarmKind.Tachycardia], engine.Open().Select(alarm => alarm.Kind));
    }

    private static Estimate[] Line(double systolic, double diastolic, double mean) =>
    [
        Rate(75, SignalKind.Abp), Rate(systolic, SignalKind.Abp, metric: Metric.Systolic), Rate(diastolic, SignalKind.Abp, metric: Metric.Diastolic),
        Rate(mean, SignalKind.Abp, metric: Metric.MeanPressure),
    ];
}
