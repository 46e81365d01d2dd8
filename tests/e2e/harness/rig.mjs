// SPDX-License-Identifier: GPL-3.0-or-later
import { after, afterEach, before, beforeEach } from 'node:test';
import { FakeUpstream } from './fakeupstream.mjs';
import { localToken, Switchyard } from './switchyard.mjs';

// Inside a describe(): a fake upstream and a Switchyard in front of it for all of its tests. After
// each test nothing may have been refused or leaked upstream, unless the test says so with
// rig.expectsRefusal().
export function rigFor(lane, options = {}) {
  const rig = { lane, upstream: undefined, proxy: undefined, refusalExpected: false };
  rig.expectsRefusal = () => (rig.refusalExpected = true);
  before(async () => {
    rig.upstream = await FakeUpstream.start({ forbidden: [localToken] });
    rig.proxy = await Switchyard.start({ upstream: rig.upstream, lane, ...options });
  });
  after(async () => {
    await rig.proxy?.stop();
    await rig.upstream?.stop();
  });
  beforeEach(async () => {
    rig.refusalExpected = false;
    await rig.upstream.reset();
  });
  afterEach(async () => {
    if (!rig.refusalExpected) await rig.upstream.assertContent();
  });
  return rig;
}

export const lanes = ['native', 'chat'];
