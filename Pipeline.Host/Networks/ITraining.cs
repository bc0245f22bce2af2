using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>One recording of held-out people, scored.</summary>
/// <param name="Set">Its data set.</param>
/// <param name="Recording">Its name.</param>
/// <param name="Count">What was counted: windows, beats.</param>
/// <param name="Figures">The figures, in the order of <see cref="ITraining.ScoreColumns"/>.</param>
internal sealed record HeldOutScore(string Set, string Recording, int Count, IReadOnlyList<double> Figures);

/// <summary>A kind of network that <c>train</c> makes: its data, its loop, its score and its package.</summary>
internal interface ITraining
{
    /// <summary>Who is in the data, by name; folds hold some of them out.</summary>
    IReadOnlyList<string> People { get; }

    /// <summary>The recordings, in words, for the model card.</summary>
    string Data { get; }

    /// <summary>More lines for the model card of a training with or without folds.</summary>
    IReadOnlyDictionary<string, string> NotesOf(bool hasFolds) => new Dictionary<string, string>();

    /// <summary>SHA-256 of everything that was read: another one is another training.</summary>
    string DataHash { get; }

    /// <summary>Steps of one training.</summary>
    int Steps { get; }

    /// <summary>Unit of a step's error, for the progress bar.</summary>
    string ErrorUnit { get; }

    /// <summary>Names of the figures of a score, the count first.</summary>
    IReadOnlyList<string> ScoreColumns { get; }

    /// <summary>Makes what <see cref="Begin"/> needs, where that takes long; is told what is done and which part of it, 0 to 1.</summary>
    void Prepare(Action<string, double> progress, CancellationToken stop)
    {
    }

    /// <summary>
    /// Fits what the inputs of the network without <paramref name="held"/> stand on, where that is asked; null: nothing. It is kept, for
    /// <see cref="Begin"/>. What is being done is told.
    /// </summary>
    string? FitInputs(IReadOnlySet<string> held, Action<string> progress, CancellationToken stop) => null;

    /// <summary>
    /// Begins a training on everybody but <paramref name="held"/>, with what <see cref="FitInputs"/> found for them; the same people give the
    /// same weights.
    /// </summary>
    TrainingLoop Begin(IReadOnlySet<string> held, string? inputs);

    /// <summary>Scores the network of the last <see cref="Begin"/>, trained, on the recordings of <paramref name="held"/>.</summary>
    IEnumerable<HeldOutScore> Score(torch.nn.Module network, IReadOnlySet<string> held);

    /// <summary>Scores a network that was trained on everybody on the recordings of <see cref="TrainRequest.Test"/>.</summary>
    IEnumerable<HeldOutScore> ScoreTest(torch.nn.Module network) => [];

    /// <summary>The scores of one data set in a line, for the model card.</summary>
    string FigureOf(string set, IReadOnlyList<HeldOutScore> scores);

    /// <summary>Writes the package; returns name and version.</summary>
    string Save(string folder, string name, torch.nn.Module network, IReadOnlyDictionary<string, string> card);
}
