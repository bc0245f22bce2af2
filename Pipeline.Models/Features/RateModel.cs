using Pipeline.Models.Packages;

namespace Pipeline.Models.Features;

/// <summary>
/// A heart-rate network. A row of input is [14 x 85] (<see cref="RateFeatures.Input"/>), one of output [85 + 1]: probability of each rate,
/// then the chance that the estimate is within 5 per minute.
/// </summary>
public sealed class RateModel : RecurrentModel
{
    /// <summary>What a package for this says in <c>task</c>.</summary>
    public const string Task = "heart_rate";

    /// <summary>Checks that <paramref name="package"/> is a heart-rate network for this program's features, and opens a session.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message names both sides.</exception>
    public RateModel(ModelPackage package)
        : base(package, Task, RateFeatures.Name, RateFeatures.InputRowCount * RateFeatures.RateCount, RateFeatures.RateCount + 1)
    {
    }

    /// <inheritdoc/>
    public override string StateBlock => State.StateBlock.RateNetwork;
}
