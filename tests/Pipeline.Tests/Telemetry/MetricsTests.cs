using System.Diagnostics.Metrics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Telemetry;

namespace AaClip.Pipeline.Tests.Telemetry;

public sealed class MetricsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_metric_has_its_value_unit_and_tags()
    {
        List<string> seen = [];
        using MeterListener listener = Listen(seen, "of-each");

        Metrics.QueueAge("of-each", Noon, Noon.AddSeconds(2.5));
        Metrics.Inference(4, TimeSpan.FromMilliseconds(80), "of-each", "cpu");
        Metrics.Scored(Verdict.Anomalous, "of-each");
        Metrics.Failure("of-each");
        Metrics.Alert("anomaly", "opened", "of-each");

        Assert.Equal(
            [
                "aaclip.queue.age s 2.5 queue=of-each",
                "aaclip.batch.size {image} 4 model=of-each provider=cpu",
                "aaclip.inference.duration ms 80 model=of-each provider=cpu",
                "aaclip.images.scored {image} 1 verdict=anomalous model=of-each",
                "aaclip.failures {image} 1 code=of-each",
                "aaclip.alerts {event} 1 kind=anomaly type=opened severity=of-each",
            ],
            seen
        );
    }

    [Fact]
    public void A_sender_whose_clock_runs_ahead_counts_as_no_wait()
    {
        List<string> seen = [];
        using MeterListener listener = Listen(seen, "ahead");

        Metrics.QueueAge("ahead", Noon.AddSeconds(3), Noon);

        Assert.Equal(["aaclip.queue.age s 0 queue=ahead"], seen);
    }

    // The meter is one for the process: only measurements that carry the test's own word count.
    private static MeterListener Listen(List<string> seen, string word)
    {
        MeterListener listener = new()
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == Tracing.Name)
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        return listener;

        void Add(Instrument instrument, IFormattable value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string text = string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
            if (text.Contains('=' + word, StringComparison.Ordinal))
                lock (seen)
                    seen.Add($"{instrument.Name} {instrument.Unit} {value.ToString(null, null)} {text}");
        }
    }
}
