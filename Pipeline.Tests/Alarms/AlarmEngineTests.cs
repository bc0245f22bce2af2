using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;
using static Pipeline.Tests.Alarms.AlarmRun;

namespace Pipeline.Tests.Alarms;

/// <summary>
/// The default rules: 50 to 120, extreme 40 to 140; 10 s before an alarm, 2 s where it is extreme; 6 s within the limit by 3 until it
/// ends, 10 s at least.
/// </summary>
public sealed class AlarmEngineTests
{
    private readonly AlarmRun _run = new();

    [Fact]
    public void Pulses_without_a_pattern_are_alarmed_about_where_no_ecg_can_tell()
    {
        for (var second = 0; second <= 200; second += 2)
        {
            _run.Engine.Take("mon", Points.Start.AddSeconds(second), Rate(second < 100 ? 80 : null));
            _run.Engine.Take("mon", Points.Start.AddSeconds(second), Rate(82, SignalKind.Ppg));
            if (second == 10)
                _run.Engine.TakeEvent("mon", SignalKind.Ppg, EventKind.AtrialFibrillation, isOver: false);
            _run.Engine.Judge("w1", "b1", _run.Changes);
        }

        // The ECG's last usable windows count for 16 s, and the pulses have to go on so for 30.
        Assert.Equal(["130 signal_lost raised", "144 atrial_fibrillation raised"], _run.Said);
    }

    [Fact]
    public void Atrial_fibrillation_that_is_interrupted_for_minutes_is_one_alarm()
    {
        for (var second = 0; second <= 700; second += 2)
        {
            _run.Engine.Take("mon", Points.Start.AddSeconds(second), Rate(80));
            if (second is 10 or 100 or 160 or 200)
                _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.AtrialFibrillation, isOver: second is 100 or 200);
            _run.Engine.Judge("w1", "b1", _run.Changes);
        }

        Assert.Equal(["10 atrial_fibrillation raised", "502 atrial_fibrillation ended"], _run.Said);
    }

    [Fact]
    public void A_rate_beyond_its_limit_is_alarmed_about_after_its_delay_and_until_it_is_back_for_a_while()
    {
        _run.From(8, 20, Rate(75)).From(22, 40, Rate(125)).From(42, 60, Rate(110));

        Assert.Equal(["32 tachycardia raised", "48 tachycardia ended"], _run.Said);
        var alarm = _run.Changes[0].Alarm!;
        Assert.Equal((EventPriority.Medium, AlarmState.Active, 125.0, 120.0, "mon", SignalKind.Ecg), (alarm.Priority, alarm.State, alarm.Value, alarm.Limit, alarm.Device, alarm.Signal));
        Assert.Equal("125 above 120 in ecg of mon", alarm.Reason);
        Assert.Same(_run.Changes[0].Open[0], _run.Changes[0].Top);
        Assert.Empty(_run.Changes[1].Open);
    }

    [Fact]
    public void A_rate_that_is_beyond_its_limit_for_less_than_the_delay_is_no_alarm()
    {
        _run.From(8, 20, Rate(75)).From(22, 30, Rate(125)).From(32, 60, Rate(75));

        Assert.Empty(_run.Changes);
    }

    [Fact]
    public void Back_by_less_than_the_hysteresis_an_alarm_stays()
    {
        _run.From(8, 30, Rate(45)).From(32, 90, Rate(52)).From(92, 100, Rate(53));

        Assert.Equal(["18 bradycardia raised", "98 bradycardia ended"], _run.Said);
        Assert.Equal(45, _run.Changes[1].Alarm!.Value);
    }

    [Fact]
    public void An_extreme_rate_is_high_priority_and_is_not_alarmed_about_twice()
    {
        _run.From(8, 60, Rate(160));

        Assert.Equal(["10 extreme_tachycardia raised"], _run.Said.Take(1));
        Assert.Equal(["extreme_tachycardia"], _run.OpenKinds);
        Assert.Equal(EventPriority.High, _run.Changes[0].Alarm!.Priority);
    }

    [Fact]
    public void Poor_signal_is_a_technical_alarm_and_no_alarm_of_the_patient()
    {
        _run.From(8, 20, Rate(75)).From(22, 60, Rate(null)).From(62, 80, Rate(75));

        Assert.Equal(["52 signal_lost raised", "68 signal_lost ended"], _run.Said);
        Assert.Equal(EventPriority.Technical, _run.Changes[0].Alarm!.Priority);
        Assert.Equal("no usable rate from ecg of mon: low_quality", _run.Changes[0].Alarm!.Reason);
    }

    [Fact]
    public void A_lead_that_is_off_is_said_sooner_than_a_poor_one()
    {
        _run.From(8, 20, Rate(75)).From(22, 60, Rate(null, without: EstimateStatus.Flat));

        Assert.Equal(["32 signal_lost raised"], _run.Said);
    }

    [Fact]
    public void Time_without_a_usable_rate_does_not_count_for_the_delay()
    {
        _run.From(8, 12, Rate(125)).From(14, 30, Rate(null)).From(32, 50, Rate(125));

        Assert.Equal(["36 tachycardia raised"], _run.Said);
    }

    [Fact]
    public void An_alarm_whose_signal_is_lost_stays_for_a_while_and_then_gives_way_to_the_technical_one()
    {
        _run.From(8, 30, Rate(125)).From(32, 80, Rate(null));

        Assert.Equal(["18 tachycardia raised", "62 tachycardia ended", "62 signal_lost raised"], _run.Said);
    }

    [Theory]
    [InlineData(EstimateStatus.Asystole, "asystole")]
    [InlineData(EstimateStatus.VentricularFibrillation, "ventricular_fibrillation")]
    public void A_rhythm_without_output_is_alarmed_about_at_once_whatever_other_signals_say(EstimateStatus status, string kind)
    {
        _run.From(8, 20, Rate(75), Rate(74, SignalKind.Ppg)).At(22, Rate(null, without: status), Rate(74, SignalKind.Ppg));

        Assert.Equal([$"22 {kind} raised"], _run.Said);
        Assert.EndsWith("in ecg of mon; but ppg has 74", _run.Changes[0].Alarm!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_alarm_of_high_priority_whose_condition_is_over_stays_until_it_is_acknowledged()
    {
        _run.At(8, Rate(75)).From(10, 20, Rate(null, without: EstimateStatus.Asystole)).From(22, 60, Rate(75));
        Assert.Equal(["10 asystole raised", "28 asystole latched"], _run.Said);
        Assert.Equal(AlarmState.Latched, _run.Changes[1].Top!.State);

        _run.Engine.Acknowledge(1, "n7", "seen", _run.Changes);

        Assert.Equal(["60 asystole acknowledged", "60 asystole ended"], _run.Said.Skip(2));
        Assert.Equal(("n7", "seen"), (_run.Changes[2].By, _run.Changes[2].Why));
        Assert.Empty(_run.Engine.Open());
    }

    [Fact]
    public void A_latched_alarm_whose_condition_comes_back_is_the_same_alarm()
    {
        _run.From(8, 20, Rate(null, without: EstimateStatus.Asystole)).From(22, 40, Rate(75)).At(42, Rate(null, without: EstimateStatus.Asystole));

        Assert.Equal(["8 asystole raised", "28 asystole latched", "42 asystole recurred"], _run.Said);
        Assert.Single(_run.Changes.Select(change => change.Alarm!.Number).Distinct());
    }

    [Fact]
    public void An_alarm_that_was_acknowledged_is_called_to_mind_every_three_minutes_while_it_holds()
    {
        _run.From(8, 20, Rate(125));
        _run.Engine.Acknowledge(0, "n7", "", _run.Changes);
        _run.From(22, 400, Rate(125)).From(402, 420, Rate(75));

        Assert.Equal(["18 tachycardia raised", "20 tachycardia acknowledged", "200 tachycardia reminded", "380 tachycardia reminded", "408 tachycardia ended"], _run.Said);
        Assert.All(_run.Changes.Skip(1).Take(3), change => Assert.Equal(AlarmState.Acknowledged, change.Alarm!.State));
    }

    [Fact]
    public void An_alarm_of_high_priority_that_nobody_acknowledges_is_escalated_level_by_level()
    {
        _run.From(8, 300, Rate(30));

        Assert.Equal(["10 extreme_bradycardia raised", "70 extreme_bradycardia escalated", "130 extreme_bradycardia escalated"], _run.Said);
        Assert.Equal([0, 1, 2], _run.Changes.Select(change => change.Alarm!.Level));
    }

    [Fact]
    public void A_rate_that_another_good_signal_contradicts_waits_longer()
    {
        _run.From(8, 60, Rate(125), Rate(75, SignalKind.Abp));

        Assert.Equal(["38 tachycardia raised"], _run.Said);
        Assert.Equal("125 above 120 in ecg of mon; but abp has 75", _run.Changes[0].Alarm!.Reason);
    }

    [Fact]
    public void Another_signal_takes_over_where_the_ecg_has_no_rate()
    {
        _run.From(8, 30, Rate(null, without: EstimateStatus.WarmingUp), Rate(45, SignalKind.Ppg));

        Assert.Equal(["18 bradycardia raised"], _run.Said);
        Assert.Equal(SignalKind.Ppg, _run.Changes[0].Alarm!.Signal);
    }

    [Fact]
    public void A_device_that_sends_nothing_while_another_does_is_a_technical_alarm()
    {
        for (var second = 8; second <= 60; second += 2)
        {
            _run.At(second, Rate(75));
            if (second is <= 20 or >= 50)
                _run.Window("wrist", second, "w1", Rate(75, SignalKind.Ppg));
        }

        Assert.Equal(["40 device_silent raised", "56 device_silent ended"], _run.Said);
        Assert.Equal("nothing comes of wrist", _run.Changes[0].Alarm!.Reason);
    }

    [Fact]
    public void What_a_device_had_alarmed_about_ends_when_it_was_taken_off()
    {
        _run.Window("wrist", 8, "w1", Rate(null, SignalKind.Ppg, EstimateStatus.Flat));
        for (var second = 8; second <= 640; second += 2)
        {
            _run.At(second, Rate(75));
            if (second <= 30)
                _run.Window("wrist", second, "w1", Rate(null, SignalKind.Ppg, EstimateStatus.Flat));
        }

        Assert.Equal(["18 signal_lost raised", "50 device_silent raised", "72 signal_lost ended", "632 device_silent ended"], _run.Said);
        Assert.Equal("the device was taken off", _run.Changes[^1].Why);
    }

    [Fact]
    public void A_device_whose_clock_jumps_ends_no_delay_and_no_pause()
    {
        _run.From(8, 12, Rate(125));
        _run.Engine.Pause(TimeSpan.FromMinutes(2), "n7", "", _run.Changes);
        _run.At(14, Rate(125)).At(1e8, Rate(75)).At(1e8 + 2, Rate(75)).At(16, Rate(75)).From(18, 30, Rate(75));

        Assert.Equal(["12 paused"], _run.Said);
    }

    [Fact]
    public void A_pause_ends_with_its_time_or_with_an_alarm_that_is_more_urgent_than_those_before()
    {
        _run.From(8, 20, Rate(125));
        _run.Engine.Pause(TimeSpan.FromMinutes(5), "n7", "washing", _run.Changes);
        Assert.Equal(120, _run.Engine.PausedUntil!.Value.SecondsSince(Support.Points.Start) - 20);
        _run.From(22, 40, Rate(125)).From(42, 46, Rate(160));

        Assert.Equal(["18 tachycardia raised", "20 paused", "44 extreme_tachycardia raised", "44 resumed"], _run.Said);
        Assert.Equal("a more urgent alarm", _run.Changes[^1].Why);

        _run.Engine.Pause(TimeSpan.FromSeconds(30), "n7", "", _run.Changes);
        _run.From(48, 90, Rate(160));
        Assert.Contains("76 resumed", _run.Said);
    }

    [Fact]
    public void Limits_of_a_ward_and_of_a_patient_take_the_place_of_the_usual_ones()
    {
        var rules = new AlarmRules();
        rules.Wards.Add("NICU", new LimitChange { HeartRateHigh = 180, HeartRateVeryHigh = 200 });
        var run = new AlarmRun(rules);
        for (var second = 8; second <= 40; second += 2)
            run.Window("mon", second, "NICU", Rate(150));
        Assert.Empty(run.Changes);

        Assert.Null(run.Engine.SetLimits(new LimitChange { HeartRateHigh = 145 }, "d2", "fever", run.Changes));
        for (var second = 42; second <= 60; second += 2)
            run.Window("mon", second, "NICU", Rate(150));

        Assert.Equal(["40 limits_set", "52 tachycardia raised"], run.Said);
        Assert.Equal("HeartRateHigh: at least HeartRateLow (50) is wanted", run.Engine.SetLimits(new LimitChange { HeartRateHigh = 45 }, "d2", "", run.Changes));
        Assert.Equal(145, run.Engine.Limits.High);
    }

    [Fact]
    public void A_fetal_rate_is_alarmed_about_after_minutes_and_that_it_may_be_the_mothers_is_technical()
    {
        var fetal = Rate(100, SignalKind.FetalHeartRate, metric: Metric.FetalHeartRate);
        _run.From(8, 610, fetal);
        Assert.Equal(["608 fetal_bradycardia raised"], _run.Said);

        _run.From(612, 630, Rate(null, SignalKind.FetalHeartRate, EstimateStatus.Coincidence, Metric.FetalHeartRate));
        Assert.Equal(["622 coincidence raised"], _run.Said.Skip(1));
    }

    [Theory]
    [InlineData(SignalKind.Ecg, 86, "the rate of fhr of ctg may be the mother's: ecg has 86")]
    [InlineData(SignalKind.Ppg, 91, "the rate of fhr of ctg may be the mother's: ppg has 91")]
    [InlineData(SignalKind.FetalEcg, 88, "the rate of fhr of ctg may be the mother's: fecg has 88")]
    [InlineData(SignalKind.Ecg, 95, null)]
    public void A_cardiotocograph_that_prints_the_mothers_rate_for_half_a_minute_is_told_by_another_device(SignalKind signal, double mother, string? reason)
    {
        Beside(8, 60, Rate(mother, signal), 88);
        Assert.Equal(reason is null ? [] : ["38 coincidence raised"], _run.Said);
        Assert.Equal(reason, _run.Changes.SingleOrDefault()?.Alarm?.Reason);

        Beside(62, 90, Rate(mother, signal), 140);
        Assert.Equal(reason is null ? [] : ["coincidence ended"], _run.Said.Skip(1).Select(said => said[(said.IndexOf(' ') + 1)..]));
    }

    [Fact]
    public void A_cardiotocograph_whose_rate_is_that_of_the_fetus_in_abdominal_leads_has_not_picked_up_the_mother()
    {
        for (var second = 8; second <= 60; second += 2)
            _run.Window("mon", second, "w1", Rate(118, SignalKind.FetalEcg), Rate(123, SignalKind.FetalEcg, metric: Metric.FetalHeartRate))
                .Window("ctg", second, "w1", Rate(122, SignalKind.FetalHeartRate, metric: Metric.FetalHeartRate));

        Assert.Empty(_run.Said);
    }

    [Fact]
    public void A_fetal_rate_that_crosses_the_mothers_is_its_own()
    {
        Beside(8, 20, Rate(90), 130);
        Beside(22, 48, Rate(90), 91);
        Beside(50, 80, Rate(90), 130);

        Assert.Empty(_run.Said);
    }

    /// <summary>Windows of a monitor with the mother's rate and of a cardiotocograph.</summary>
    private void Beside(int from, int to, Estimate mother, double fetal)
    {
        for (var second = from; second <= to; second += 2)
            _run.Window("mon", second, "w1", mother).Window("ctg", second, "w1", Rate(fetal, SignalKind.FetalHeartRate, metric: Metric.FetalHeartRate));
    }

    [Fact]
    public void An_event_that_lasts_is_alarmed_about_until_it_is_told_to_be_over()
    {
        var fetal = Rate(130, SignalKind.FetalHeartRate, metric: Metric.FetalHeartRate);
        _run.From(8, 20, fetal);
        _run.Engine.TakeEvent("mon", SignalKind.FetalHeartRate, EventKind.CategoryPathological, isOver: false);
        _run.From(22, 60, fetal);
        _run.Engine.TakeEvent("mon", SignalKind.FetalHeartRate, EventKind.CategoryPathological, isOver: true);
        _run.From(62, 80, fetal);

        Assert.Equal(["22 fetal_pathological raised", "70 fetal_pathological ended"], _run.Said);
    }

    [Fact]
    public void An_episode_of_the_rhythm_is_alarmed_about_also_when_it_is_told_only_when_it_is_over()
    {
        _run.From(8, 20, Rate(75));
        _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.VentricularTachycardia, isOver: true);
        _run.From(22, 40, Rate(75));
        _run.Engine.TakeEvent("mon", SignalKind.Ecg, EventKind.Asystole, isOver: false);
        _run.At(42, Rate(75));

        Assert.Equal(["22 ventricular_tachycardia raised", "32 ventricular_tachycardia latched", "42 asystole raised"], _run.Said);
        Assert.Equal((EventPriority.High, "rhythm in ecg of mon"), (_run.Changes[0].Alarm!.Priority, _run.Changes[0].Alarm!.Reason));
    }

    [Fact]
    public void The_most_urgent_alarm_is_shown_and_of_two_the_one_that_nobody_has_acknowledged()
    {
        _run.From(8, 30, Rate(125), Rate(null, SignalKind.Ppg, EstimateStatus.Flat));
        Assert.Equal(["tachycardia", "signal_lost"], _run.OpenKinds);

        _run.From(32, 40, Rate(null, without: EstimateStatus.Asystole), Rate(null, SignalKind.Ppg, EstimateStatus.Flat));
        Assert.Equal(["asystole", "tachycardia", "signal_lost"], _run.OpenKinds);

        _run.Engine.Acknowledge(_run.Engine.Open()[0].Number, "n7", "", _run.Changes);
        _run.From(42, 46, Rate(160), Rate(null, SignalKind.Ppg, EstimateStatus.Flat));
        Assert.Equal(["extreme_tachycardia", "asystole", "tachycardia", "signal_lost"], _run.OpenKinds);
    }
}
