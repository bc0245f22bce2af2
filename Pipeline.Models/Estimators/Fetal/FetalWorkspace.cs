using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// What a window is worked on with: signals and scratch that nothing outlives. A thread has one for all its streams, half a megabyte, so
/// that a patient keeps only what a snapshot holds.
/// </summary>
internal sealed class FetalWorkspace
{
    [ThreadStatic]
    private static FetalWorkspace? _ofThread;

    private readonly float[] _signals = SignalRows.Array(FetalTiming.MostLeads), _standard = SignalRows.Array(FetalTiming.MostLeads);

    private FetalWorkspace()
    {
        Level = new LocalLevel();
        Lattice = new FetalLattice();
        Search = new BeatSearch(Lattice, Level, Sort);
        Residuals = [new FetalResidual(), new FetalResidual()];
        Contrast = new BeatContrast();
        Phase = new MaternalPhase(Level, Sort);
        Cancellation = new MaternalCancellation(Sort);
        Tracking = new FetalTracking(this);
    }

    /// <summary>That of the calling thread.</summary>
    public static FetalWorkspace OfThread => _ofThread ??= new FetalWorkspace();

    public LocalLevel Level { get; }

    public ColumnSort Sort { get; } = new();

    public FetalLattice Lattice { get; }

    public BeatSearch Search { get; }

    public IndependentComponents Components { get; } = new();

    public MaternalCancellation Cancellation { get; }

    public FetalMains Mains { get; } = new();

    public MaternalPhase Phase { get; }

    public BeatContrast Contrast { get; }

    public FetalTracking Tracking { get; }

    /// <summary>Marks on their way out.</summary>
    public List<(long Index, bool IsFetal)> Marks { get; } = new(FetalTiming.MostBeats);

    public CandidatePool Pool { get; } = new();

    /// <summary>What a network is asked.</summary>
    public FetalInput Input { get; } = new();

    public FetalHypothesis Found { get; } = new();

    public FetalHypothesis Challenger { get; } = new();

    public FetalHypothesis Round { get; } = new();

    /// <summary>The leads without the mother, a variant each.</summary>
    public FetalResidual[] Residuals { get; }

    /// <summary>The signal in which the mother's beats were found.</summary>
    public float[] Maternal { get; } = new float[FetalTiming.WindowSamples];

    /// <summary>A direction that is being tried.</summary>
    public float[] Candidate { get; } = new float[FetalTiming.WindowSamples];

    /// <summary>Its beats.</summary>
    public int[] CandidateBeats { get; } = new int[FetalTiming.MostBeats];

    /// <summary>Rows for the leads in use.</summary>
    public SignalRows Signals(int leads, int length) => new(_signals, leads, length);

    /// <summary>A copy of <paramref name="signals"/>, in the place of those that <see cref="Standard"/> gives.</summary>
    public SignalRows Copy(SignalRows signals)
    {
        var copy = new SignalRows(_standard, signals.Count, signals.Length);
        for (var c = 0; c < signals.Count; c++)
            signals[c].CopyTo(copy[c]);
        return copy;
    }

    /// <summary>The signals less their means, divided by their SD.</summary>
    public SignalRows Standard(SignalRows signals)
    {
        var standard = new SignalRows(_standard, signals.Count, signals.Length);
        for (var c = 0; c < signals.Count; c++)
        {
            TensorPrimitives.Subtract(signals[c], TensorPrimitives.Sum<float>(signals[c]) / signals.Length, standard[c]);
            TensorPrimitives.Divide(standard[c], MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(standard[c]) / signals.Length) + 1e-12f, standard[c]);
        }
        return standard;
    }
}
