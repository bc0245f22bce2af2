using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// Two GRU layers of 128 units on the spectra as they are: the twin of <see cref="SpectraLstm"/> with three quarters of its weights and half
/// its state (Cho et al. 2014, doi:10.3115/v1/D14-1179).
/// </summary>
public sealed class SpectraGru : ZooNetwork
{
    private const int Layers = 2, Units = 128;

    private readonly GRU _memory;

    /// <summary>An untrained one.</summary>
    public SpectraGru()
        : base(nameof(SpectraGru), Units, Layers * Units)
    {
        _memory = nn.GRU(Rows * Rates, Units, Layers, batchFirst: true);
        register_module("memory", _memory);
    }

    /// <inheritdoc/>
    protected override long BodyFlop => ZooLayers.Flop(_memory);

    /// <inheritdoc/>
    protected override (Tensor Width, Tensor Next) Body(Tensor input, Tensor state) => ZooLayers.Run(_memory, input.flatten(2), state, Layers, Units);

    /// <inheritdoc/>
    protected override (string Width, string Next) Body(OnnxGraph graph, string input, string state) =>
        ZooLayers.Run(graph, _memory, graph.Reshape(input, -1, Rows * Rates), state, Layers, Units);
}
