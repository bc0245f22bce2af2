using System.Globalization;
using Pipeline.Models.Simulation;

namespace Pipeline.Host.Publishing;

/// <summary>
/// What is known of simulated beds, as rows of CSV. Of a general ward each row is a beat. Of one with labour beds rows have a kind: the beats
/// of mothers (and of others) and of fetuses, the baseline of each minute, and what happened, each when it is over; of twins for each.
/// </summary>
internal sealed class TruthRows
{
    /// <summary>Header of a general ward's rows.</summary>
    public const string BeatHeader = "patient,time_s,time_unix_ns,ectopic";

    /// <summary>
    /// Header of the rows where there are labour beds; <c>value</c>: strength of a fetal beat, rate, or size; <c>fetus</c>: 1, of twins 1 or
    /// 2, empty where it is the mother's.
    /// </summary>
    public const string LabourHeader = "patient,kind,time_s,time_unix_ns,peak_s,end_s,value,fetus";

    private const int BaselineSeconds = 60;

    private readonly TextWriter _output;
    private readonly bool _hasLabour;

    /// <summary>Writes the header.</summary>
    public TruthRows(TextWriter output, bool hasLabour)
    {
        (_output, _hasLabour) = (output, hasLabour);
        output.WriteLine(hasLabour ? LabourHeader : BeatHeader);
    }

    /// <summary>Adds the beats of one bed's second, and of its labour.</summary>
    public void Add(BedScenario scenario, List<TrueBeat> beats, LabourTruth labour)
    {
        foreach (var beat in beats)
            _output.WriteLine(_hasLabour ? Point(scenario, "beat", beat.Seconds, beat.IsEctopic ? 0 : 1, "") : Beat(scenario, beat));
        AddFetus(scenario, labour, "1");
        if (labour.Twin is { } twin)
            AddFetus(scenario, twin, "2");
    }

    /// <summary>Name of what happened, as a row has it.</summary>
    public static string NameOf(LabourEventKind kind) => kind switch
    {
        LabourEventKind.Contraction => "contraction",
        LabourEventKind.Acceleration => "acceleration",
        LabourEventKind.EarlyDeceleration => "early_deceleration",
        LabourEventKind.LateDeceleration => "late_deceleration",
        LabourEventKind.VariableDeceleration => "variable_deceleration",
        LabourEventKind.ProlongedDeceleration => "prolonged_deceleration",
        LabourEventKind.Coincidence => "coincidence",
        LabourEventKind.MaternalPickUp => "maternal_pick_up",
        LabourEventKind.FetalMovement => "fetal_movement",
        LabourEventKind.Vernix => "vernix",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private void AddFetus(BedScenario scenario, LabourTruth truth, string fetus)
    {
        foreach (var beat in truth.Beats)
            _output.WriteLine(Point(scenario, "fetal_beat", beat.Seconds, beat.Strength, fetus));
        foreach (var second in truth.Seconds)
            if (second.Second % BaselineSeconds == 0 && double.IsFinite(second.Baseline))
                _output.WriteLine(Point(scenario, "baseline", second.Second, second.Baseline, fetus));
        foreach (var one in truth.Events)
            _output.WriteLine(Row(scenario, one, one.Kind == LabourEventKind.Contraction ? "" : fetus));
    }

    private static string Beat(BedScenario scenario, TrueBeat beat) => string.Create(CultureInfo.InvariantCulture,
        $"{scenario.Patient},{beat.Seconds:0.####},{scenario.Start.AddSeconds(beat.Seconds).UnixNanoseconds},{(beat.IsEctopic ? 1 : 0)}");

    private static string Point(BedScenario scenario, string kind, double seconds, double value, string fetus) =>
        string.Create(CultureInfo.InvariantCulture, $"{Head(scenario, kind, seconds)},{seconds:0.####},{seconds:0.####},{value:0.###},{fetus}");

    private static string Row(BedScenario scenario, LabourEvent one, string fetus) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Head(scenario, NameOf(one.Kind), one.BeginSeconds)},{one.PeakSeconds:0.####},{one.EndSeconds:0.####},{one.Size:0.###},{fetus}");

    private static string Head(BedScenario scenario, string kind, double seconds) => string.Create(
        CultureInfo.InvariantCulture, $"{scenario.Patient},{kind},{seconds:0.####},{scenario.Start.AddSeconds(seconds).UnixNanoseconds}");
}
