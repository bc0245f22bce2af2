using Pipeline.Actors;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;

namespace Pipeline.Host.Networks;

/// <summary>A network that the program asks, and how: all that a new one registers. Its stage is made by <see cref="Models.Estimators.Stages.Create"/>.</summary>
/// <param name="Task">What its packages say in <c>task</c>.</param>
/// <param name="Folder">Below <c>models/</c>, the package that ships.</param>
/// <param name="Setting">The name of the package to use, as set.</param>
/// <param name="Load">Checks a package; throws <see cref="InvalidDataException"/> when it does not fit.</param>
/// <param name="IsBatched">Whether workers run it on windows of many patients, asked by the patients' actors; else it runs within its stage.</param>
internal sealed record NetworkKind(string Task, string Folder, Func<TopologyOptions, string> Setting, Func<ModelPackage, INetwork> Load, bool IsBatched)
{
    /// <summary>Estimates heart rate from PPG.</summary>
    public static NetworkKind HeartRate { get; } =
        new(RateModel.Task, "heart-rate", options => options.Model, package => new RateModel(package), IsBatched: true) { WhenChanged = "the patients' states begin anew" };

    /// <summary>Decides on the beats of an ECG.</summary>
    public static NetworkKind Qrs { get; } =
        new(QrsModel.Task, "qrs", options => options.QrsModel, package => new QrsModel(package), IsBatched: false) { WhenChanged = "what is known of the patients' signals stays" };

    /// <summary>Estimates the fetal heart rate from abdominal leads, beside the classical estimator.</summary>
    public static NetworkKind Fetal { get; } =
        new(FetalModel.Task, "fetal", options => options.FetalModel, package => new FetalModel(package), IsBatched: true) { WhenChanged = "its states of the patients begin anew" };

    /// <summary>Reconstructs the beats of an ECG: anomaly, denoised waves, encodings.</summary>
    public static NetworkKind Autoencoder { get; } =
        new(EcgAutoencoder.Task, "ecg-autoencoder", options => options.EcgAutoencoder, package => new EcgAutoencoder(package), IsBatched: true) { WhenChanged = "its states of the patients begin anew" };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<NetworkKind> All { get; } = [HeartRate, Qrs, Fetal, Autoencoder];

    /// <summary>What becomes of the streams' states when another version is asked, for the log.</summary>
    public required string WhenChanged { get; init; }

    /// <summary>The one for a task; there is one.</summary>
    public static NetworkKind Of(string task) => All.Single(kind => kind.Task == task);
}
