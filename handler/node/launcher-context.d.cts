/// <reference types="node" />

/**
 * The context of a handler: the secrets and parameters of its task. Version 0.1.0.
 * From https://github.com/seed45446ece/launcher, under the Apache License 2.0.
 */

/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Resolve to the context of this process: the same object at every call. It
 * rejects with an Error that says why the context cannot be read.
 */
export function getContext(): Promise<Context>;

/** What a handler gets: of MLRun's context, the part about a task's input. */
export class Context {
  private constructor();
  /** Which run this is: the task's metadata. */
  readonly metadata: { [key: string]: Json };
  /** The task's spec, without its secret sources. */
  readonly spec: { [key: string]: Json };
  readonly name: string;
  readonly uid: string;
  readonly project: string;
  readonly iteration: number;
  readonly labels: { [key: string]: Json };
  readonly annotations: { [key: string]: Json };
  readonly parameters: { [key: string]: Json };
  /** The addresses of the inputs; getInput returns the path of one. */
  readonly inputs: { [key: string]: string };
  readonly outPath: string;
  readonly logger: Logger;

  /** Return the parameter key, or fallback where the task has none. */
  getParam<T = Json | undefined>(key: string): T | undefined;
  getParam<T = Json>(key: string, fallback: T): T;

  /**
   * Resolve to the secret key: a string, or a Buffer where it is not UTF-8, or
   * fallback where there is none. An empty value is a value.
   */
  getSecret(key: string): Promise<string | Buffer | undefined>;
  getSecret<T>(key: string, fallback: T): Promise<string | Buffer | T>;

  /** Return the path of the input key; an Error names one that is not local. */
  getInput(key: string): string;
}

/** Writes MLRun's log lines on standard error; a plain object last is JSON. */
export class Logger {
  constructor(level?: string);
  debug(message: unknown, ...args: unknown[]): void;
  info(message: unknown, ...args: unknown[]): void;
  warning(message: unknown, ...args: unknown[]): void;
  warn(message: unknown, ...args: unknown[]): void;
  error(message: unknown, ...args: unknown[]): void;
  critical(message: unknown, ...args: unknown[]): void;
}
