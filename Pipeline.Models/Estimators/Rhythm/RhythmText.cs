using System.Globalization;

namespace Pipeline.Models.Estimators.Rhythm;

/// <summary>What is said of an episode of the rhythm.</summary>
internal static class RhythmText
{
    /// <summary>How urgent it is, before anything is known of the patient's own limits (IEC 60601-1-8).</summary>
    public static EventPriority PriorityOf(EventKind kind) => kind switch
    {
        EventKind.Asystole or EventKind.VentricularFibrillation or EventKind.VentricularTachycardia => EventPriority.High,
        EventKind.ExtremeBradycardia or EventKind.ExtremeTachycardia => EventPriority.High,
        EventKind.Pause or EventKind.AtrialFibrillation => EventPriority.Medium,
        _ => EventPriority.Low,
    };

    /// <summary>One that is recognized by <paramref name="measure"/>: a rate per minute, seconds, or a probability.</summary>
    public static string Begins(EventKind kind, double measure) => kind switch
    {
        EventKind.Asystole => Text($"no beat for {measure:0.0} s while the leads are on"),
        EventKind.ExtremeBradycardia => Text($"5 beats at {measure:0}/min"),
        EventKind.ExtremeTachycardia => Text($"17 beats at {measure:0}/min"),
        EventKind.VentricularTachycardia => Text($"5 ventricular beats at {measure:0}/min"),
        EventKind.VentricularFibrillation => "waves of 2 to 10 Hz without QRS complexes",
        EventKind.AtrialFibrillation => Text($"64 intervals without a pattern: probability {measure:0.00}"),
        EventKind.Bigeminy => "every second beat ventricular: 3 times",
        _ => "",
    };

    /// <summary>One that is over after <paramref name="seconds"/>.</summary>
    public static string Of(EventKind kind, double seconds) => kind switch
    {
        EventKind.Asystole => Text($"no beat for {seconds:0.0} s"),
        EventKind.Pause => Text($"{seconds:0.0} s between two beats"),
        EventKind.ExtremeBradycardia => Text($"below 40/min for {seconds:0} s"),
        EventKind.ExtremeTachycardia => Text($"above 140/min for {seconds:0} s"),
        EventKind.VentricularTachycardia => Text($"ventricular beats above 100/min for {seconds:0.0} s"),
        EventKind.VentricularFibrillation => Text($"waves of 2 to 10 Hz without QRS complexes for {seconds:0} s"),
        EventKind.AtrialFibrillation => Text($"irregular intervals for {seconds:0} s"),
        EventKind.Bigeminy => Text($"every second beat ventricular for {seconds:0} s"),
        _ => Text($"{seconds:0.0} s"),
    };

    /// <summary>Numbers as everywhere.</summary>
    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
