using System.Globalization;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Host.Publishing;

/// <summary>A simulated bed as the chunks that its devices send, and its true beats as rows.</summary>
internal static class SimulatedSequence
{
    /// <summary>Header of the rows of <see cref="RowOf"/>.</summary>
    public const string TruthHeader = "patient,time_s,time_unix_ns,ectopic";

    /// <summary>The chunks of <paramref name="seconds"/> (null: without end); each true beat is told to <paramref name="truth"/>.</summary>
    public static IEnumerable<SampleChunk> Of(BedScenario scenario, long? seconds, Action<BedScenario, TrueBeat>? truth)
    {
        var bed = new SimulatedBed(scenario);
        var (chunks, beats) = (new List<SampleChunk>(), new List<TrueBeat>());
        while (seconds is null || bed.Seconds < seconds)
        {
            bed.Next(chunks, beats, isLast: bed.Seconds + 1 == seconds);
            foreach (var chunk in chunks)
                yield return chunk;
            foreach (var beat in beats)
                truth?.Invoke(scenario, beat);
            chunks.Clear();
            beats.Clear();
        }
    }

    /// <summary>A true beat: its R peak in seconds since the start and as event time.</summary>
    public static string RowOf(BedScenario scenario, TrueBeat beat) => string.Create(CultureInfo.InvariantCulture,
        $"{scenario.Patient},{beat.Seconds:0.####},{scenario.Start.AddSeconds(beat.Seconds).UnixNanoseconds},{(beat.IsEctopic ? 1 : 0)}");
}
