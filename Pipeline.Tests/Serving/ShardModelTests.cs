using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Models.Packages;
using Xunit;

namespace Pipeline.Tests.Serving;

public sealed class ShardModelTests : IDisposable
{
    private readonly TestModels _versions = new();
    private readonly List<StepSession> _sessions = [];
    private readonly List<ModelSwitch> _switches = [];
    private readonly Counts _counts = new();

    public void Dispose() => _versions.Dispose();

    [Fact]
    public async Task A_shard_begins_with_the_present_model_and_changes_when_it_is_told_to()
    {
        await using var models = Serve("1");
        var model = new ShardModel<ServedModel>(models, 7, null, _counts);
        Assert.Equal((null, false), (model.Name, model.IsBehind));
        model.Begin(10);
        models.Replace(_versions.Open("2"));
        Assert.Equal((true, false, "heart-rate@1"), (model.IsBehind, model.IsChanging, model.Name));

        model.Prepare();
        models.Replace(_versions.Open("3"));
        Assert.Equal((false, true, "heart-rate@2", "heart-rate@1"), (model.IsBehind, model.IsChanging, model.Name, model.Served?.Model.Identity));
        model.Change(20);

        Assert.Equal((true, false, "heart-rate@2"), (model.IsBehind, model.IsChanging, model.Served?.Model.Identity));
        Assert.Equal([new(7, 10, "heart-rate@1", null), new(7, 20, "heart-rate@2", "heart-rate@1")], _switches);
        model.Clear();
        await models.DisposeAsync();
        Assert.Equal(3, _sessions.Count);
        Assert.All(_sessions, session => Assert.True(session.IsDisposed));
    }

    [Fact]
    public async Task A_state_that_names_an_earlier_version_is_gone_on_with_by_that()
    {
        await using var models = Serve("2", find: identity => identity == "heart-rate@1" ? _versions.Open("1") : null);
        var (model, other) = (new ShardModel<ServedModel>(models, 7, "heart-rate@1", _counts), new ShardModel<ServedModel>(models, 8, "heart-rate@1", _counts));
        Assert.Equal("heart-rate@1", model.Name);
        model.Begin(10);
        other.Begin(30);

        Assert.Equal((true, "heart-rate@1"), (model.IsBehind, model.Served?.Model.Identity));
        Assert.Same(model.Served, other.Served);
        Assert.Equal([new(7, 10, "heart-rate@1", null), new(8, 30, "heart-rate@1", null)], _switches);
        model.Clear();
        other.Clear();
        Assert.Equal(2, _sessions.Count);
    }

    [Fact]
    public async Task A_version_that_is_not_there_any_more_is_said_and_the_present_one_is_asked()
    {
        await using var models = Serve("2");
        var model = new ShardModel<ServedModel>(models, 7, "heart-rate@1", _counts);

        model.Begin(10);

        Assert.Equal((false, "heart-rate@2"), (model.IsBehind, model.Name));
        Assert.Equal([new(7, 10, "heart-rate@2", "heart-rate@1", IsGone: true)], _switches);
        Assert.Equal(1, _counts[Count.ModelSwitches]);
        model.Clear();
    }

    [Fact]
    public async Task Networks_of_each_kind_change_by_themselves_and_all_that_is_new_at_one_place()
    {
        await using var models = Serve("1");
        var qrs = new ServedQrs(_versions.OpenQrs("1"));
        qrs.Switched += _switches.Add;
        var networks = new ShardNetworks(models, qrs, 7, new NetworkNames("heart-rate@1", "qrs@1"), _counts);
        networks.Begin(10);
        var (first, rate) = (networks.Asked, networks.Rate);
        networks.Begin(15);
        Assert.Same(first, networks.Asked);

        qrs.Replace(_versions.OpenQrs("2"));
        Assert.Equal((true, new NetworkNames("heart-rate@1", "qrs@1")), (networks.IsBehind, networks.Names));
        networks.Prepare();
        Assert.Equal((true, new NetworkNames("heart-rate@1", "qrs@2"), "qrs@1"), (networks.IsChanging, networks.Names, networks.Asked.Qrs?.Identity));
        networks.Change(20);
        Assert.Same(rate, networks.Rate);
        qrs.Replace(_versions.OpenQrs("3"));
        models.Replace(_versions.Open("2"));
        networks.Prepare();
        networks.Change(30);

        Assert.Equal((false, false), (networks.IsBehind, networks.IsChanging));
        Assert.Equal(("heart-rate@2", "qrs@3"), (networks.Asked.Rate?.Identity, networks.Asked.Qrs?.Identity));
        Assert.Equal(
            [new(7, 10, "heart-rate@1", null), new(7, 10, "qrs@1", null), new(7, 20, "qrs@2", "qrs@1"), new(7, 30, "heart-rate@2", "heart-rate@1"), new(7, 30, "qrs@3", "qrs@2")],
            _switches);
        networks.Clear();
    }

    [Fact]
    public void A_QRS_network_that_a_state_names_is_looked_for_and_said_where_it_is_gone()
    {
        var served = new ServedQrs(_versions.OpenQrs("2"), identity => identity == "qrs@1" ? _versions.OpenQrs("1") : null);
        served.Switched += _switches.Add;
        var (found, gone) = (new ShardNetworks(null, served, 1, new NetworkNames(Qrs: "qrs@1"), _counts), new ShardNetworks(null, served, 2, new NetworkNames(Qrs: "qrs@0"), _counts));

        found.Begin(10);
        gone.Begin(20);

        Assert.Equal((true, "qrs@1"), (found.IsBehind, found.Asked.Qrs?.Identity));
        Assert.Equal((false, "qrs@2"), (gone.IsBehind, gone.Asked.Qrs?.Identity));
        Assert.Equal([new(1, 10, "qrs@1", null), new(2, 20, "qrs@2", "qrs@0", IsGone: true)], _switches);
        Assert.Equal(new NetworkNames(null, "qrs@2"), gone.Names);
    }

    private ServedModels Serve(string version, Func<string, RateModel?>? find = null)
    {
        var models = new ServedModels(_versions.Open(version), new InferenceOptions(), TimeProvider.System, Open, find: find);
        models.Switched += _switches.Add;
        return models;

        StepSession Open(RateModel model, IReadOnlyList<int> sizes)
        {
            var session = new StepSession(model, sizes);
            _sessions.Add(session);
            return session;
        }
    }
}
