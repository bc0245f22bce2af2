using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// Two LSTM layers of 128 units on the spectra as they are, without convolutions: what memory alone makes of them (Hochreiter and
/// Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735).
/// </summary>
public sealed class SpectraLstm : ZooNetwork
{
    private const int Layers = 2, Units = 128;

    private readonly LSTM _memory;

    /// <summary>An untrained one.</summary>
    public SpectraLstm()
        : base(nameof(SpectraLstm), Units, 2 * Layers * Units)
    {
        _memory = nn.LSTM(Rows * Rates, Units, Layers, batchFirst: true);
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
