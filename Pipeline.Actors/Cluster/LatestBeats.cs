using Pipeline.Models;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Cluster;

/// <summary>A beat for who looks at its patient's signals.</summary>
/// <param name="Device">Device.</param>
/// <param name="Signal">Kind of signal, as in the store's tags.</param>
/// <param name="Kind">What it is: <c>qrs</c>, <c>pulse</c>, <c>fetal_qrs</c>, <c>s1</c>, <c>s2</c>.</param>
/// <param name="Label">Its class, <c>N S V F Q</c>; empty where there is none.</param>
/// <param name="Epoch">The device's epoch.</param>
/// <param name="Seconds">Its place in the epoch.</param>
public sealed record BeatReport(string Device, string Signal, string Kind, string Label, long Epoch, double Seconds);

/// <summary>What an autoencoder says of a beat, for who looks at its patient.</summary>
/// <param name="Device">Device.</param>
/// <param name="Epoch">The device's epoch.</param>
/// <param name="Seconds">The beat's place in the epoch.</param>
/// <param name="Error">How unlike everybody's normal beats; null: not known. See <see cref="EncodedBeat"/>.</param>
/// <param name="Score">How abnormal for this patient, about −1 to 4; null: not known.</param>
/// <param name="Encoding">The encoding: like beats lie near each other.</param>
public sealed record EncodingReport(string Device, long Epoch, double Seconds, float? Error, float? Score, IReadOnlyList<float> Encoding);

/// <summary>
/// The last beats of the patients that were asked for last, and what an autoencoder says of them: beats of others are passed over, so that it costs what is looked at. Not thread-safe.
/// </summary>
internal sealed class LatestBeats
{
    /// <summary>Most patients, and most beats of each.</summary>
    public const int MostPatients = 64, MostBeats = 256;

    private readonly Dictionary<PatientId, (Queue<BeatPoint> Beats, Queue<EncodingReport> Encodings, long Asked)> _watched = [];
    private long _questions;

    /// <summary>Takes a beat of a patient that is asked for.</summary>
    public void Take(in BeatPoint beat)
    {
        if (!_watched.TryGetValue(beat.Patient, out var own))
            return;
        if (own.Beats.Count == MostBeats)
            own.Beats.Dequeue();
        own.Beats.Enqueue(beat);
    }

    /// <summary>Takes what an autoencoder says of the beats of a window, of a patient that is asked for.</summary>
    public void Take(VitalPoint point)
    {
        if (point.Beats.Count == 0 || !_watched.TryGetValue(point.Patient, out var own))
            return;
        foreach (var beat in point.Beats)
        {
            if (own.Encodings.Count == MostBeats)
                own.Encodings.Dequeue();
            own.Encodings.Enqueue(new EncodingReport(point.Device, point.Epoch, Math.Round(beat.Seconds, 4), Number(beat.Error), Number(beat.Score), beat.Encoding));
        }

        static float? Number(float value) => float.IsFinite(value) ? value : null;
    }

    /// <summary>A patient's last beats that came since it was asked for first, in the order in which they came, and what an autoencoder said of them.</summary>
    public (BeatReport[] Beats, EncodingReport[] Encodings) Of(PatientId patient)
    {
        if (!_watched.TryGetValue(patient, out var own))
        {
            if (_watched.Count == MostPatients)
                _watched.Remove(_watched.MinBy(one => one.Value.Asked).Key);
            own = (new Queue<BeatPoint>(), new Queue<EncodingReport>(), 0);
        }
        _watched[patient] = own with { Asked = ++_questions };
        return (
            [.. own.Beats.Select(point => new BeatReport(point.Device, Names.Of(point.Beat.Signal), Names.Of(point.Beat.Kind), Names.Of(point.Beat.Label), point.Epoch, Math.Round(point.Seconds, 4)))],
            [.. own.Encodings]);
    }
}
