import { ValueType } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { defaultBuckets, type Family, type Metrics, type Series } from '../core/metrics.ts';
import type { HrTime } from './wall-clock.ts';

/** When the metrics were counted: since the start, until now. */
export interface MetricTimes {
  readonly start: HrTime;
  readonly now: HrTime;
}

/** Returns the metrics as OpenTelemetry has them, under the same names and with the same numbers as `/metrics`. */
export const metricData = (metrics: Metrics, times: MetricTimes): MetricData[] =>
  [...metrics.families()].map(([name, family, series]) => familyData(name, family, [...series], times));

function familyData(name: string, family: Family, series: readonly Series[], { start, now }: MetricTimes): MetricData {
  const { type, help, buckets = defaultBuckets } = family;
  const about = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const pointOf = <T>({ labels }: Series, value: T) => ({
    ...{ startTime: start, endTime: now, attributes: attributesOf(labels), value },
  });
  switch (type) {
    case 'counter': {
      const dataPoints = series.map(each => pointOf(each, each.value));
      return { ...about, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
    }
    case 'gauge':
      return {
        ...about,
        dataPointType: DataPointType.GAUGE,
        dataPoints: series.map(each => pointOf(each, each.value)),
      };
    case 'histogram': {
      const dataPoints = series.map(each => pointOf(each, histogramOf(each, buckets)));
      return { ...about, dataPointType: DataPointType.HISTOGRAM, dataPoints };
    }
  }
}

function histogramOf({ value, count, buckets: counts }: Series, boundaries: readonly number[]) {
  const within = counts.reduce((sum, each) => sum + each, 0);
  return { buckets: { boundaries: [...boundaries], counts: [...counts, count - within] }, sum: value, count };
}

const attributesOf = ({ 'server.port': port, ...labels }: Series['labels']) =>
  port === undefined ? labels : { ...labels, 'server.port': Number(port) };

/** Returns the unit (UCUM) that a name states in the way of Prometheus, or in the way of OpenTelemetry. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$|\.duration$/.test(name)) return 's';
  if (/_milliseconds(_total)?$/.test(name)) return 'ms';
  return /_bytes(_total)?$/.test(name) ? 'By' : '';
}
